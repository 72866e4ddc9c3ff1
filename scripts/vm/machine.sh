# shellcheck shell=bash disable=SC2034,SC2154  # repository, work, keep and runtime_packages are variables of the script that sources this file
# An emulated machine: its disk, its power, and a line to the agent inside. Sourced by test-vm, never run.
#
# Programs and scripts go in on a second, read-only disk, /cargo. Commands go through a virtio serial port, which qemu connects
# to a pair of named pipes: a line of base64 in, a line with status and output back. See agent.

vm_cache=$repository/.build/vm
vm_packages=(
    systemd systemd-sysv dbus udev kmod linux-image-amd64 initramfs-tools zstd jq curl ca-certificates
    "${runtime_packages[@]}"
    # What pods may ask for beyond them: other runtimes, and the two kinds of security labels.
    crun runc apparmor selinux-policy-default policycoreutils
)

# The base system, remade when what it is made of changes.
make_base() {
    local key root
    key=$(printf '%s\n' "${vm_packages[@]}" "$(declare -f make_base)" "$(cat "$repository/scripts/vm/containers.cil")" | sha256sum | cut -c 1-16)
    base=$vm_cache/$key
    [[ ! -e $base/disk.img ]] || return 0
    step "making the base system (once; two minutes)"
    # An interrupted run may have left proc and sys mounted in its root: their content is the host's.
    [[ -z $(mounts_below "$vm_cache") ]] || fail "something is mounted below $vm_cache" "unmount it: findmnt | grep $vm_cache"
    rm -rf --one-file-system "$vm_cache"
    mkdir -p "$vm_cache"
    root=$(mktemp -d "$vm_cache/root.XXXXXX")
    # The drivers named here and no others in the first file system, which makes it small, and the start quick.
    # shellcheck disable=SC2016  # expanded by mmdebstrap's shells: $1 is the new root
    mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${vm_packages[*]}")" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
        --essential-hook='echo MODULES=list > "$1/etc/initramfs-tools/conf.d/drivers"' \
        --essential-hook='printf "%s\n" virtio_pci virtio_blk ext4 crc32c_generic > "$1/etc/initramfs-tools/modules"' \
        --customize-hook='printf "%s\n" "/dev/vda / ext4 defaults 0 1" "/dev/vdb /cargo ext4 ro 0 0" > "$1/etc/fstab"; mkdir "$1/cargo"' \
        --customize-hook='echo berth-vm > "$1/etc/hostname"; echo "127.0.0.1 localhost berth-vm" > "$1/etc/hosts"' \
        --customize-hook='printf "%s\n" "[Match]" "Name=en*" "[Network]" "DHCP=yes" > "$1/etc/systemd/network/wired.network"' \
        --customize-hook='printf "%s\n" "[Unit]" "RequiresMountsFor=/cargo" "[Service]" "ExecStart=/bin/bash /cargo/berth/scripts/vm/agent" \
            "[Install]" "WantedBy=default.target" > "$1/etc/systemd/system/test-agent.service"' \
        --customize-hook='mkdir -p "$1/var/log/journal"' \
        --customize-hook='chroot "$1" systemctl --quiet enable systemd-networkd.service test-agent.service' \
        --customize-hook='chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service fstrim.timer' \
        --customize-hook="copy-in '$repository/scripts/vm/containers.cil' /root" \
        --customize-hook='chroot "$1" semodule --store=default --noreload --install=/root/containers.cil; rm -f "$1/.autorelabel"' \
        bookworm "$root" || fail "the base system could not be made" "apt-get update, then run this again"
    mkdir "$base"
    cp -L "$root"/boot/vmlinuz-* "$base/vmlinuz"
    cp -L "$root"/boot/initrd.img-* "$base/initrd"
    mke2fs -q -t ext4 -d "$root" "$base/new.img" 4G > /dev/null
    rm -rf --one-file-system "$root"
    mv "$base/new.img" "$base/disk.img"
}

# make_cargo DIRECTORY: the disk with the binaries, the scripts, the demo image, and kubectl.
make_cargo() {
    local cargo=$work/cargo kubectl library
    mkdir -p "$cargo"/{bin,lib}
    cp "$1"/{berthd,berthctl,berth-pod} "$cargo/bin" || fail "$1 lacks a program" "swift build, or leave --from away"
    # A debug build needs the toolchain's libraries.
    ldd "$1/berthd" "$1/berthctl" | awk '$3 ~ "^/" && $3 !~ "^(/usr)?/lib" { print $3 }' | sort -u | while read -r library; do
        cp -L "$library" "$cargo/lib"
    done
    # Symbols are the larger part of one.
    strip "$cargo"/bin/berth{d,ctl} 2>/dev/null || true
    mkdir "$cargo/berth"
    cp -r "$repository"/{scripts,systemd,examples} "$cargo/berth"
    "$repository/scripts/demo-image" --busybox "$cargo/image.tar" localhost/berth-demo/busybox:1 2>/dev/null
    kubectl=$(command -v kubectl) || { install_packages kubernetes-client; kubectl=/usr/bin/kubectl; }
    cp -L "$kubectl" "$cargo/bin/kubectl"
    mke2fs -q -t ext4 -d "$cargo" "$work/cargo.img" $(($(du -sm "$cargo" | cut -f 1) * 5 / 4 + 32))M > /dev/null
    rm -rf "$cargo"
}

create_disk() {
    qemu-img create -q -f qcow2 -b "$base/disk.img" -F raw "$work/disk.qcow2"
    mkfifo "$work"/port.{in,out}
    # Open for both directions, so that neither we nor qemu wait for the other, and no byte is lost over a power cut.
    exec {to_machine}<> "$work/port.in" {from_machine}<> "$work/port.out"
}

# start_machine [KERNEL PARAMETERS]: returns when the agent in the machine answers.
start_machine() {
    nice qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1536 -nodefaults -no-user-config -display none \
        -kernel "$base/vmlinuz" -initrd "$base/initrd" -append 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 panic=5 '"${1:-}" \
        -drive "file=$work/disk.qcow2,if=virtio" -drive "file=$work/cargo.img,if=virtio,format=raw,read-only=on" \
        -nic user,model=virtio-net-pci,restrict=on -object rng-random,id=entropy,filename=/dev/urandom -device virtio-rng-pci,rng=entropy \
        -device virtio-serial-pci -chardev "pipe,id=port,path=$work/port" -device virtserialport,chardev=port,name=berth \
        -chardev "file,id=console,path=$work/console.log,append=on" -serial chardev:console < /dev/null &
    machine=$!
    await_agent
}

# Reads lines until the agent says it is there: answers cut short by a power failure come before that.
await_agent() {
    local word boot
    while read -r -t 600 -u "$from_machine" word boot; do
        [[ $word == ready && $boot != "${boot_id:-}" ]] || continue
        boot_id=$boot
        return 0
    done
    tail -n 30 "$work/console.log" >&2
    keep=yes
    fail "the machine did not start" "see its console: $work/console.log"
}

# guest SCRIPT [SECONDS]: runs it on the machine, in bash, with the words of guest.sh; prints its output, returns its status.
guest() {
    local word status output
    printf '%d %s\n' "${2:-180}" "$(base64 -w 0 <<< "$1")" >&"$to_machine"
    read -r -t $((${2:-180} + 60)) -u "$from_machine" word status output || { echo "no answer from the machine"; return 124; }
    [[ $word == "done" ]] || { echo "not an answer: $word"; return 125; }
    base64 -d <<< "$output"
    return "$status"
}

# Nobody waits for an answer: the machine may be down before it can give one.
reboot_machine() {
    printf '%d %s\n' 60 "$(base64 -w 0 <<< 'systemctl --no-block reboot')" >&"$to_machine"
    await_agent
}

# What the machine's kernel had not been asked to put on disk is lost, as with a real cable.
cut_power() {
    kill -KILL "$machine"
    wait "$machine" 2>/dev/null || true
    machine=''
}

stop_machine() { if [[ -n ${machine:-} ]]; then cut_power; fi; }
