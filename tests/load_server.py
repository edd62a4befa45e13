"""Measures the example server under load: small images alone, then beside large ones.

    python tests/load_server.py --seconds=10

Starts examples/server.py on loopback. Eight connections send small images (280x280 pixels) without a pause; in the
second part three more connections send PNG files of 7071x7071 pixels. Prints requests per second, median and 99th
percentile of the latency of small images, and the server's peak memory.
"""

import argparse
import asyncio
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
SMALL_CONNECTIONS, LARGE_CONNECTIONS = 8, 3


def png(side: int) -> bytes:
    """Returns a PNG file of a 7, dark on light."""
    image = Image.new("L", (side, side), 230)
    points = [(0.3 * side, 0.25 * side), (0.7 * side, 0.25 * side), (0.45 * side, 0.8 * side)]
    ImageDraw.Draw(image).line(points, fill=30, width=max(2, side // 18))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


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


async def load(port: int, seconds: float, large: int) -> tuple[list[float], list[int], list[int]]:
    """Returns the latencies and statuses of small images, and the statuses of large ones."""
    latencies, statuses, large_statuses = [], [], []
    end = time.perf_counter() + seconds
    small_body, large_body = png(280), png(7071)
    small = [send(port, small_body, end, latencies, statuses) for _ in range(SMALL_CONNECTIONS)]
    await asyncio.gather(*small, *(send(port, large_body, end, [], large_statuses) for _ in range(large)))
    return latencies, statuses, large_statuses


def main() -> None:
    """Starts the server and prints one line per part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--server", default=str(ROOT / "examples" / "server.py"), help="the file to measure")
    arguments = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder, module = pathlib.Path(arguments.server).parent, pathlib.Path(arguments.server).stem
    has_main = "__main__" in pathlib.Path(arguments.server).read_text()
    command = [arguments.server] if has_main else ["-m", "uvicorn", "--app-dir", folder, f"{module}:app"]
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        env=os.environ | {"MODEL": str(ROOT / "exported" / "cnn_robust" / "saved_model")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.1)
        asyncio.run(load(port, 2, large=0))
        print("images               requests/s   p50 ms   p99 ms  failed  large done  peak memory")
        for name, large in (("small", 0), ("small beside large", LARGE_CONNECTIONS)):
            latencies, statuses, large_statuses = asyncio.run(load(port, arguments.seconds, large))
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            memory = 1024 * int(status.partition("VmHWM:")[2].split()[0])
            p50, p99 = 1000 * statistics.median(latencies), 1000 * statistics.quantiles(latencies, n=100)[98]
            failed = sum(status != 200 for status in statuses)
            done = large_statuses.count(200)
            rate = len(latencies) / arguments.seconds
            print(f"{name:<20} {rate:>10.1f} {p50:>8.1f} {p99:>8.1f} {failed:>7} {done:>11} {memory / 1e9:>9.2f} GB")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
