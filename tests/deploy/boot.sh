# Boots this system's own systemd as PID 1 of a machine that is thrown away: a copy of / in which every
# write goes to memory. It shares the network and the kernel, and sees no process but its own.
# Called with an empty folder, as root; the machine is there until standard input ends.
set -eu
folder=$1

if [ "${2:-}" != inside ]; then
    # A control group of its own, below which systemd makes the groups of its units.
    mount --make-rprivate /
    mkdir "$folder/groups" "$folder/memory"
    mount -t cgroup2 cgroup2 "$folder/groups"
    group=$folder/groups/booking-test-$$
    mkdir "$group"
    echo $$ > "$group/cgroup.procs"
    unshare --pid --mount --cgroup --uts --ipc --fork --kill-child bash "$0" "$folder" inside &
    echo $$ > "$folder/groups/cgroup.procs"
    cat > /dev/null
    kill -KILL $!
    while grep -q "populated 1" "$group/cgroup.events"; do sleep 0.05; done
    find "$group" -depth -type d -exec rmdir {} +
    exit
fi

mount -t tmpfs -o mode=755 tmpfs "$folder/memory"
cd "$folder/memory"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root

# As systemd-nspawn lays them out: what it can't write of the kernel, systemd leaves alone.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
    touch "dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=755 tmpfs run

# None of the services that are enabled here.
mount -t tmpfs -o mode=755 tmpfs etc/systemd/system
cat > etc/systemd/system/booted.target << 'END'
[Unit]
Description=As much as a service needs
Requires=sysinit.target
After=sysinit.target
Wants=dbus.socket
END

mkdir -p mnt/old
pivot_root . mnt/old
umount -l /mnt/old
mount -t tmpfs -o mode=1777 tmpfs /tmp
# The name by which systemd knows that the kernel is not its own.
exec env -i container=booking-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=booted.target --log-target=console < /dev/null
