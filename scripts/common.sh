# shellcheck shell=bash disable=SC2034  # most of these variables are used by the scripts that source this file
# What the scripts beside this file share: words, packages, paths, and the daemon's life. Sourced, never run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary_directory=/usr/local/bin
supervisor=/usr/lib/berth/berth-pod
unit=/etc/systemd/system/berthd.service
pods_unit=/etc/systemd/system/berth-pods.service
stop_pods_program=/usr/lib/berth/stop-pods
kubeconfig=/etc/berth/admin.kubeconfig
pid_file=/run/berthd.pid
log_file=/var/log/berthd.log

runtime_packages=(containernetworking-plugins nftables iptables e2fsprogs util-linux iproute2 procps libseccomp2 libcap2 libsqlite3-0 libarchive13)
build_packages=(pkg-config libseccomp-dev libcap-dev libsqlite3-dev libarchive-dev zlib1g-dev)

step() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }

# fail MESSAGE [REMEDY]
fail() {
    printf 'error: %s\n' "$1" >&2
    if [[ $# -gt 1 ]]; then printf '  try: %s\n' "$2" >&2; fi
    exit 1
}

need_root() {
    [[ $EUID -eq 0 ]] || fail "$(basename "$0") needs root: it makes namespaces, mounts and cgroups" "sudo $0"
}

# Installs those of the packages that are missing; asks the network only then.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    step "installing ${missing[*]}"
    [[ -n $(find /var/lib/apt/lists -name '*Packages*' -mtime -7 -print -quit 2>/dev/null) ]] || apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
        || fail "apt-get could not install ${missing[*]}" "apt-get update, then run this again"
}

runs_systemd() { [[ -d /run/systemd/system ]]; }

# The swift of this shell, or else of the user who called sudo: sudo resets PATH.
find_swift() {
    if command -v swift; then return; fi
    if [[ -n ${SUDO_USER:-} ]] && runuser -l "$SUDO_USER" -c 'command -v swift' 2>/dev/null; then return; fi
    fail "swift is not in PATH" "install Swift 6.3 (swift.org/install), or run: sudo env PATH=\"\$PATH\" $0"
}

# Builds release binaries as the owner of the clone, so that no file of root's is left in it. Prints their directory.
build_release() {
    local swift owner run=()
    swift=$(find_swift)
    owner=$(stat -c %U "$repository")
    [[ $owner == root ]] || run=(runuser -u "$owner" --)
    step "building release (the first time takes several minutes)" >&2
    # The daemon carries its runtime library, so that it outlives the toolchain. berth-pod has none, and Embedded Swift
    # does not know that flag. Debugging sections are left out; symbols stay, for the backtrace of a crash.
    "${run[@]}" "$swift" build --package-path "$repository" -c release --product berth-pod >&2
    local product
    for product in berthd berthctl; do
        "${run[@]}" "$swift" build --package-path "$repository" -c release --static-swift-stdlib -Xlinker --strip-debug --product "$product" >&2
    done
    "${run[@]}" "$swift" build --package-path "$repository" -c release --show-bin-path
}

# install_file SOURCE TARGET MODE: in place in one step, so that a running program keeps the file it was started from.
# Returns 0 when the target was changed, 1 when it was the same already.
install_file() {
    if cmp -s "$1" "$2"; then return 1; fi
    install -D -m "$3" "$1" "$2.new"
    mv -f "$2.new" "$2"
}

# The pid of the running daemon, or nothing. A pid alone proves nothing: the program behind it is looked at too.
daemon_pid() {
    local pid
    if runs_systemd; then
        pid=$(systemctl show -p MainPID --value berthd.service 2>/dev/null || true)
    else
        pid=$(cat "$pid_file" 2>/dev/null || true)
    fi
    if [[ ${pid:-0} -gt 0 && $(readlink "/proc/$pid/exe" 2>/dev/null || true) == "$binary_directory/berthd"* ]]; then echo "$pid"; fi
}

# Without systemd the daemon becomes a process of its own session, with a pid file.
start_daemon() {
    if runs_systemd; then
        systemctl daemon-reload
        systemctl enable --quiet --now berthd.service || fail "berthd did not start" "journalctl -u berthd.service -n 50"
        return
    fi
    # shellcheck disable=SC2016  # expanded by the inner shell
    setsid --fork bash -c 'echo $$ > "$0"; exec "$1" --standalone < /dev/null >> "$2" 2>&1' \
        "$pid_file" "$binary_directory/berthd" "$log_file"
}

# Pods go on without the daemon; see stop_pods.
stop_daemon() {
    if runs_systemd && [[ -e $unit ]]; then
        systemctl disable --quiet --now berthd.service
        return
    fi
    local pid
    pid=$(daemon_pid)
    [[ -n $pid ]] || return 0
    kill -TERM "$pid"
    wait_until 20 process_is_gone "$pid" || kill -KILL "$pid"
    rm -f "$pid_file"
}

process_is_gone() { [[ ! -d /proc/$1 ]]; }

# wait_until SECONDS COMMAND...: false when the time ran out.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

# Ends every pod. Their objects, volumes and logs stay. Only with the daemon ended, which would start them again.
stop_pods() {
    if runs_systemd && systemctl is-active --quiet berth-pods.service; then
        systemctl stop berth-pods.service
        systemctl --quiet is-failed berth-pods.service || return 0
    fi
    "$repository/scripts/stop-pods"
}

# The supervisors of this node's pods, as pids.
supervisor_pids() { pgrep -f '^berth-pod /run/berth/pods/' || true; }

# Mount points below the given directories, deepest first.
mounts_below() {
    local directory
    for directory in "$@"; do
        findmnt -rno TARGET | awk -v root="$directory/" 'index($0, root) == 1'
    done | sort -ru
}

# Names of the networks that berthd has set up: "berth", or that of another bridge it was told to use.
berth_networks() {
    {
        echo berth
        grep -ls '"/var/lib/berth/network"' /etc/cni/net.d/10-*.conflist | sed 's,.*/10-\(.*\)\.conflist$,\1,'
        find /var/lib/berth/network -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null
    } | sort -u
}

# A kubelet that is or was here keeps its pods in the same directories.
has_kubelet() { [[ -e /var/lib/kubelet/config.yaml || -d /var/lib/kubelet/pki ]] || pgrep -x kubelet > /dev/null; }

# Directories of pods and of their logs. Beside a kubelet only those that the ledger knows.
berth_pod_directories() {
    if ! has_kubelet; then
        printf '%s\n' /var/lib/kubelet/pods /var/log/pods
        return
    fi
    local uid
    "$binary_directory/berthctl" pods --output json 2>/dev/null | grep -o '"uid" *: *"[0-9a-f-]*"' | grep -o '[0-9a-f-]\{36\}' | sort -u | while read -r uid; do
        find /var/lib/kubelet/pods /var/log/pods -mindepth 1 -maxdepth 1 -type d \( -name "$uid" -o -name "*_$uid" \) 2>/dev/null
    done
}

# Everything that Berth keeps on this machine, and nothing else. Only with daemon and pods ended.
purge_data() {
    local target device directory network bridge networks pods places round
    mapfile -t networks < <(berth_networks)
    mapfile -t pods < <(berth_pod_directories)
    places=("${pods[@]}" /var/lib/berth /run/berth)
    for round in 1 2 3; do  # one mount may hide another at the same place
        for target in $(mounts_below "${places[@]}"); do
            target=$(printf '%b' "$target")
            umount "$target" 2>/dev/null || umount -l "$target"
        done
    done
    # rm cannot tell a directory bound from elsewhere on the same file system from its own.
    [[ -z $(mounts_below "${places[@]}") ]] || fail "still mounted: $(mounts_below "${places[@]}" | tr '\n' ' ')" "unmount these, then run this again; nothing was deleted"
    losetup -nlO NAME,BACK-FILE | awk '$2 ~ "^/var/lib/berth/" { print $1 }' | while read -r device; do losetup -d "$device"; done
    # The kernel keeps those that somebody is in.
    for directory in /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods; do
        [[ -d $directory ]] || continue
        find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null || note "cgroup $directory is still in use"
    done
    for network in "${networks[@]}"; do
        bridge=$network
        [[ $network != berth ]] || bridge=berth0
        nft delete table ip "${network}_masquerade" 2>/dev/null || true
        nft delete table ip "${network}_services" 2>/dev/null || true
        iptables -w 5 -D FORWARD -i "$bridge" -j ACCEPT 2>/dev/null || true
        iptables -w 5 -D FORWARD -o "$bridge" -j ACCEPT 2>/dev/null || true
        ip link delete "$bridge" 2>/dev/null || true
        rm -f "/etc/cni/net.d/10-$network.conflist"
    done
    ip address delete 169.254.20.10/32 dev lo 2>/dev/null || true
    # --one-file-system: should a mount be left after all, its content is not ours to delete.
    rm -rf --one-file-system "${places[@]}" /var/cache/berth /etc/berth "$log_file" "$pid_file"
    # Links of containers whose logs are gone now.
    find /var/log/containers -maxdepth 1 -type l -lname '/var/log/pods/*' -exec test ! -e {} \; -delete 2>/dev/null || true
    # These only when nobody else has put anything there.
    rmdir /var/log/containers /var/lib/kubelet/plugins_registry /var/lib/kubelet/plugins /var/lib/kubelet /etc/cni/net.d /etc/cni 2>/dev/null || true
}
