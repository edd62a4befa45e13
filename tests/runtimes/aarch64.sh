#!/usr/bin/env bash
# Makes an aarch64 system with Python and LiteRT, for matrix.py --aarch64=FOLDER on a machine of another kind.
#
#     tests/runtimes/aarch64.sh FOLDER
#
# Needs debootstrap, dpkg and qemu-user 10 or newer (Debian trixie); version 7.2 computes 8-bit files wrongly.
set -euo pipefail
folder=$(realpath -m "$1")

debootstrap --foreign --no-check-gpg --arch=arm64 --variant=minbase \
  --include=python3-minimal,libpython3.13-stdlib,libgcc-s1,libstdc++6,zlib1g trixie "$folder" http://deb.debian.org/debian
for package in "$folder"/var/cache/apt/archives/*.deb; do
  dpkg -x "$package" "$folder"
done

wheels=$(mktemp -d)
pip download -q -d "$wheels" --only-binary=:all: --python-version 3.13 --platform manylinux2014_aarch64 \
  --platform manylinux_2_17_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 \
  ai-edge-litert numpy
packages=$folder/usr/lib/python3/dist-packages
mkdir -p "$packages"
for wheel in "$wheels"/*.whl; do
  unzip -qo "$wheel" -d "$packages"
done
rm -r "$wheels"
qemu-aarch64 -L "$folder" "$folder/usr/bin/python3" -c "import ai_edge_litert.interpreter"
