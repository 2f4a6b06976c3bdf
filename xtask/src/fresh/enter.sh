# Runs a command in the clone of a root file system, in namespaces that end with it. `enter.sh ROOT USER COMMAND…`
# Whatever is mounted is seen by nobody else. This shell is the first process of its namespace, which buries the others.
set -eu
root=$1 user=$2
shift 2

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
# A network namespace of its own has nothing up.
ip link set lo up

home=$(chroot "$root" getent passwd "$user" | cut -d: -f6)
status=0
chroot --userspec="$user" "$root" \
    env -i HOME="$home" PATH="$home/.cargo/bin:/usr/local/bin:/usr/bin:/bin" LANG=C.UTF-8 \
    sh -c 'cd ~/patchpanel && exec "$@"' enter "$@" || status=$?
exit "$status"
