"""Shows the phone page: draw a digit, or photograph one, and a model on the device reads it.

EXPORT is an export's folder with the format `canvas`; without it, the cnn_robust that ships.

    python scripts/demo.py
    python scripts/demo.py exported/mine --host=0.0.0.0     for phones in the same network
    python scripts/demo.py --output=site                    writes the page for any web server, and serves nothing

LiteRT.js comes from npm, once: npm ci --prefix examples/phone
"""

import socket
import tempfile

from absl import flags

from mnist_keras import cli
from mnist_keras.files import project_folder

flags.DEFINE_string("host", "127.0.0.1", "address to serve at; 0.0.0.0: all of this machine's")
flags.DEFINE_integer("port", 8000, "0: any that is free", lower_bound=0, upper_bound=65535)
flags.DEFINE_string("output", None, "folder to write the page to, instead of serving it")
FLAGS = flags.FLAGS


def main(arguments):
    from mnist_keras.export.web_demo import build_site, page_server

    export = arguments[0] if arguments else project_folder("exported") / "cnn_robust"
    if FLAGS.output:
        build_site(export, FLAGS.output)
        print(f"The page is in {FLAGS.output}. Put it on a web server; with https it can be installed on phones.")
        return
    with tempfile.TemporaryDirectory() as folder:
        build_site(export, folder)
        with page_server(folder, FLAGS.host, FLAGS.port) as server:
            for address in addresses(FLAGS.host):
                print(f"http://{address}:{server.server_port}/", flush=True)
            print("Ctrl-C stops.", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print()


def addresses(host):
    """Where a browser finds a server that is bound to that host."""
    if host not in ("0.0.0.0", ""):
        return [host]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the system says which of its addresses it would send from.
            probe.connect(("192.0.2.1", 9))
            return ["127.0.0.1", probe.getsockname()[0]]
        except OSError:
            return ["127.0.0.1"]


if __name__ == "__main__":
    cli.run(main, arguments="[EXPORT]")
