# Makes the root file system ROOT of the archive BASE, with rustup's Rust as it is here and a clone of REPOSITORY in the
# home of USER. `unpack.sh BASE ROOT USER REPOSITORY`
set -eu
base=$1 made=$2 root=$2.unfinished user=$3 repository=$4

mkdir "$root"
tar --extract --numeric-owner --file "$base" --directory "$root"

# The network is that of this machine: names, authorities, proxies and keys of packages.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
for directory in /etc/apt/keyrings /etc/apt/trusted.gpg.d /usr/share/keyrings /usr/local/share/ca-certificates; do
    [ ! -d "$directory" ] || cp -a "$directory/." "$root$directory/"
done
apt-config dump | grep -E '^Acquire::(https?::|Check-|Force)' >"$root/etc/apt/apt.conf.d/90machine" || true
chroot "$root" update-ca-certificates >/dev/null

# Nobody needs these files after a power cut.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"

if [ "$user" != root ]; then
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
fi
home=$(chroot "$root" getent passwd "$user" | cut -d: -f6)

toolchain=$(rustc --print sysroot)
rustup=$(command -v rustup) || { echo 'there is no rustup, whose Rust a fresh machine has' >&2 && exit 1; }
mkdir -p "$root$home/.cargo/bin" "$root$home/.cargo/registry" "$root$home/.rustup/toolchains"
cp -a "$toolchain" "$root$home/.rustup/toolchains/"
printf 'version = "12"\ndefault_toolchain = "%s"\n' "${toolchain##*/}" >"$root$home/.rustup/settings.toml"
cp -L "$rustup" "$root$home/.cargo/bin/rustup"
for program in cargo rustc rustdoc; do ln -s rustup "$root$home/.cargo/bin/$program"; done
# Crates that are here need not come again.
for part in index cache; do
    from=${CARGO_HOME:-$HOME/.cargo}/registry/$part
    [ ! -d "$from" ] || cp -a "$from" "$root$home/.cargo/registry/"
done

git clone --quiet --depth 1 "file://$repository" "$root$home/patchpanel"
chroot "$root" chown -R "$user:" "$home"
mv "$root" "$made"
