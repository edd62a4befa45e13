#!/usr/bin/env bash
# Builds an Android app of the phone page; see README.md.
#
#     examples/android/build.sh [EXPORT] [APK]
#
# EXPORT: an export with the format canvas_numbers (default: exported/cnn_robust). APK: the app (default: build/digits.apk).
# ANDROID_JAR, DX: where the files of Debian's packages are, if not in their place. KEYSTORE, STOREPASS: a key to sign
# with; without it, one is made for this build.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export=${1:-$root/exported/cnn_robust}
apk=$(realpath -m "${2:-$root/build/digits.apk}")
jar=${ANDROID_JAR:-/usr/lib/android-sdk/platforms/android-23/android.jar}
dx=${DX:-/usr/share/java/com.android.dx.jar}

for program in aapt apksigner java javac keytool zipalign python; do
  command -v "$program" > /dev/null || { echo "$program is missing. See $here/README.md." >&2; exit 1; }
done
for file in "$jar" "$dx"; do
  [ -f "$file" ] || { echo "$file is missing. See $here/README.md." >&2; exit 1; }
done

build=$(mktemp -d)
trap 'rm -r "$build"' EXIT
mkdir -p "$build/assets" "$build/classes" "$build/res/drawable" "$(dirname "$apk")"

python "$root/scripts/demo.py" "$export" --output="$build/assets/page" > /dev/null
cp "$root/examples/phone/icon.png" "$build/res/drawable/icon.png"
cp -r "$here/res/values" "$build/res"

# Java 8 is the newest that dx reads.
javac -Xlint:-options -source 8 -target 8 -bootclasspath "$jar" -d "$build/classes" "$here"/src/org/mnistkeras/digits/*.java
java -cp "$dx" com.android.dx.command.Main --dex --min-sdk-version=23 --output="$build/classes.dex" "$build/classes"

# Models and WebAssembly stay uncompressed, so that the app need not unpack them.
aapt package -f -0 wasm -0 tflite -M "$here/AndroidManifest.xml" -S "$build/res" -A "$build/assets" -I "$jar" \
  -F "$build/unaligned.apk"
(cd "$build" && aapt add unaligned.apk classes.dex > /dev/null)
zipalign -f 4 "$build/unaligned.apk" "$build/aligned.apk"

if [ -z "${KEYSTORE:-}" ]; then
  KEYSTORE=$build/key.jks
  STOREPASS=digits
  keytool -genkeypair -keystore "$KEYSTORE" -storepass "$STOREPASS" -alias digits -keyalg RSA -keysize 2048 \
    -validity 10000 -dname "CN=Digits" 2> /dev/null
fi
apksigner sign --ks "$KEYSTORE" --ks-pass "pass:$STOREPASS" --out "$build/signed.apk" "$build/aligned.apk"
apksigner verify "$build/signed.apk"
mv "$build/signed.apk" "$apk"
echo "$apk: $(stat -c %s "$apk") bytes"
