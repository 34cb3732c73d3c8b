#!/bin/sh
# A GPU for machines without one: Mesa's driver for the CPU (lavapipe), which the package `webgpu` finds through Vulkan. That of
# Debian 12 itself is too old for it, so a newer one from the backports is unpacked into a folder of its own; the system stays as it is.
# Usage, as root on Debian 12:  eval "$(sh scripts/vulkan.sh [FOLDER])"
# What a later run finds in the folder is used again. On standard output is only what the shell is to evaluate.
set -eu

folder="${1:-${XDG_CACHE_HOME:-$HOME/.cache}/unroll/vulkan}"
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"
driver="$folder/driver.json"

# The mirror and the keyring that this system trusts already, in either of the two formats that apt has for them.
mirror() {
  awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2> /dev/null | grep . ||
    awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z+]+:\//) { print $i; exit } }' /etc/apt/sources.list
}
keyring() {
  awk '/^Signed-By:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2> /dev/null | grep . ||
    echo /usr/share/keyrings/debian-archive-keyring.gpg
}

install_driver() {
  cd "$folder"
  mkdir -p lists/partial cache/archives/partial
  # The loader, and the libraries that both drivers need.
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers
  echo "deb [signed-by=$(keyring)] $(mirror) bookworm-backports main" > sources.list
  set -- -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$folder/lists" \
    -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root
  apt-get "$@" update
  apt-get "$@" download mesa-vulkan-drivers/bookworm-backports
  dpkg -x mesa-vulkan-drivers_*.deb root
  rm -rf lists cache mesa-vulkan-drivers_*.deb
  library="$(find "$folder/root" -name libvulkan_lvp.so)"
  [ -n "$library" ]
  printf '{"file_format_version":"1.0.0","ICD":{"api_version":"1.4.305","library_path":"%s"}}\n' "$library" > driver.json
}

[ -f "$driver" ] || install_driver >&2
echo "export XDG_RUNTIME_DIR=\"\${XDG_RUNTIME_DIR:-$folder}\" VK_DRIVER_FILES='$driver' VK_ICD_FILENAMES='$driver'"
