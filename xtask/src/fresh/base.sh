# Makes the archive BASE of a root file system from the system's own packages: what a machine has whose user has installed
# Rust and cloned a repository. `base.sh BASE`
set -eu
base=$1

. /etc/os-release
set --
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ ! -s "$sources" ] || set -- "$@" "$sources"
done
mmdebstrap --format=tar --variant=minbase --include=ca-certificates,curl,git,sudo \
    "$VERSION_CODENAME" "$base.unfinished" "$@"
mv "$base.unfinished" "$base"
