"""Measures the example server under load: small images alone, then beside large ones.

    python tests/load_server.py --seconds=10
    python tests/load_server.py --server=OLD/examples/server.py --server=examples/server.py --rounds=5

Starts each server on loopback, one at a time, in every round: with two servers A and B in the order A B A B. Several
connections send small images (280x280 pixels) without a pause; with `--large=3` there is a second part, in which three
more connections send PNG files of 7071x7071 pixels. Prints the medians over the rounds: requests per second, median and
99th percentile of the latency of small images, CPU time per small image of the server and of this program (`load`), and
the server's peak memory. CPU times depend less than rates on what else the machine does.
"""

import argparse
import asyncio
import contextlib
import io
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from PIL import Image, ImageDraw

ROOT = pathlib.Path(__file__).parents[1]
SERVER = str(ROOT / "examples" / "server.py")


def png(side: int) -> bytes:
    """Returns a PNG file of a 7, dark on light."""
    image = Image.new("L", (side, side), 230)
    points = [(0.3 * side, 0.25 * side), (0.7 * side, 0.25 * side), (0.45 * side, 0.8 * side)]
    ImageDraw.Draw(image).line(points, fill=30, width=max(2, side // 18))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@contextlib.contextmanager
def running(server: str):
    """Starts a server and yields its process and port when it answers; ends it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, server, "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1800):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit(f"{server} has not answered within 3 minutes. Start it alone to see why.")
        yield process, port
    finally:
        process.terminate()
        process.wait()


async def send(port: int, body: bytes, end: float, latencies: list[float], statuses: list[int]) -> None:
    """Sends one request after another over one connection until `end`."""
    request = f"POST /digit HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - start)
        statuses.append(int(head.split()[1]))
    writer.close()


async def load(port: int, seconds: float, small: int, large: int) -> tuple[list[float], list[int], list[int]]:
    """Returns the latencies and statuses of small images, and the statuses of large ones."""
    latencies, statuses, large_statuses = [], [], []
    end = time.perf_counter() + seconds
    small_body, large_body = png(280), png(7071)
    clients = [send(port, small_body, end, latencies, statuses) for _ in range(small)]
    await asyncio.gather(*clients, *(send(port, large_body, end, [], large_statuses) for _ in range(large)))
    return latencies, statuses, large_statuses


def cpu_seconds(process: subprocess.Popen) -> float:
    """Returns the CPU time of all threads of a process, without its child processes."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(process: subprocess.Popen, port: int, seconds: float, small: int, large: int) -> dict[str, float]:
    cpu, own_cpu = cpu_seconds(process), time.process_time()
    latencies, statuses, large_statuses = asyncio.run(load(port, seconds, small, large))
    cpu, own_cpu = cpu_seconds(process) - cpu, time.process_time() - own_cpu
    memory = pathlib.Path(f"/proc/{process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    return {
        "images/s": len(latencies) / seconds,
        "p50 ms": 1000 * statistics.median(latencies),
        "p99 ms": 1000 * statistics.quantiles(latencies, n=100)[98],
        "server CPU ms": 1000 * cpu / len(latencies),
        "load CPU ms": 1000 * own_cpu / len(latencies),
        "failed": sum(status != 200 for status in statuses),
        "large done": large_statuses.count(200),
        "peak MB": int(memory) / 1000,
    }


def main() -> None:
    """Prints one line per server and part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="of each part")
    parser.add_argument("--connections", type=int, default=16, help="that send small images")
    parser.add_argument("--large", type=int, default=0, help="connections that send large images in a second part")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--server", action="append", help="the file to measure; may be repeated")
    arguments = parser.parse_args()
    rows: dict[tuple[str, int], list[dict[str, float]]] = {}
    for _ in range(arguments.rounds):
        for server in arguments.server or [SERVER]:
            with running(server) as (process, port):
                asyncio.run(load(port, 2, arguments.connections, 0))
                for large in sorted({0, arguments.large}):
                    row = measure(process, port, arguments.seconds, arguments.connections, large)
                    rows.setdefault((server, large), []).append(row)
                    print(server, large, {name: round(value, 2) for name, value in row.items()}, file=sys.stderr)
    medians = {key: {name: statistics.median(row[name] for row in of) for name in of[0]} for key, of in rows.items()}
    first = next(iter(medians.values()))
    print("".join(f"{name:>14}" for name in [*first, "ratio"]), " server, large connections")
    for (server, large), row in medians.items():
        values = [*row.values(), row["images/s"] / first["images/s"]]
        print("".join(f"{value:14.2f}" for value in values), f" {server}, {large}")


if __name__ == "__main__":
    main()
