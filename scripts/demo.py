"""Serves the phone page: draw or photograph digits; a TFLite model in the browser predicts them.

EXPORT is the folder of an export with the format `canvas_numbers` (default: the shipped cnn_robust), or `canvas` if
its classes are not the ten digits.

    python scripts/demo.py
    python scripts/demo.py exported/mine --host=0.0.0.0     for phones in the same network
    python scripts/demo.py --output=site                    writes a folder for any web server

The page needs LiteRT.js from npm, installed once: npm ci --prefix examples/phone
"""

import socket
import tempfile

from absl import flags

from mnist_keras import cli
from mnist_keras.files import project_folder

flags.DEFINE_string("host", "127.0.0.1", "address of the server; 0.0.0.0: all addresses of this machine")
flags.DEFINE_integer("port", 8000, "port of the server; 0: any free port", lower_bound=0, upper_bound=65535)
flags.DEFINE_string("output", None, "write the page to this folder and start no server")
FLAGS = flags.FLAGS


def main(arguments):
    from mnist_keras.export.web_demo import build_site, page_server

    export = arguments[0] if arguments else project_folder("exported") / "cnn_robust"
    if FLAGS.output:
        build_site(export, FLAGS.output)
        print(f"The page is in {FLAGS.output}. Copy it to a web server. Phones can install it from an https address.")
        return
    with tempfile.TemporaryDirectory() as folder:
        build_site(export, folder)
        with page_server(folder, FLAGS.host, FLAGS.port) as server:
            for address in addresses(FLAGS.host):
                print(f"http://{address}:{server.server_port}/", flush=True)
            print("Ctrl-C stops the server.", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print()


def addresses(host):
    """Returns the addresses by which a browser reaches a server bound to `host`."""
    if host not in ("0.0.0.0", ""):
        return [host]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # connect() sends nothing over UDP. It selects the address of the outgoing network interface.
            probe.connect(("192.0.2.1", 9))
            return ["127.0.0.1", probe.getsockname()[0]]
        except OSError:
            return ["127.0.0.1"]


if __name__ == "__main__":
    cli.run(main, arguments="[EXPORT]")
