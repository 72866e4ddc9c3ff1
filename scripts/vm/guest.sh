# shellcheck shell=bash
# Words for what test-vm runs on its machine. Read by bash there, as BASH_ENV.

set -E
trap 'echo "failed: $BASH_COMMAND" >&2' ERR

# A daemon that hangs must not hang us.
kubectl() { timeout 60 kubectl "$@"; }

milliseconds() { date +%s%3N; }

# within SECONDS COMMAND...: tries again until it succeeds; shows where the node stands when the time has run out.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" > /tmp/within 2>&1; do
        if ((SECONDS >= end)); then
            echo "not in time: $*"
            cat /tmp/within
            kubectl get pods -o wide || true
            kubectl get events || true
            journalctl -b -u berthd.service -o cat -n 25
            return 1
        fi
        sleep 0.2
    done
}

unit_property() { systemctl show --property "$1" --value berthd.service; }
daemon_is_not() { [[ $(unit_property ActiveState) == active && $(unit_property MainPID) -gt 0 && $(unit_property MainPID) != "$1" ]]; }

# field POD PATH
field() { kubectl get pod "$1" -o "jsonpath={$2}"; }
# pod_has POD PATH VALUE
pod_has() { [[ $(field "$1" "$2") == "$3" ]]; }
# Ready as told after this boot: the condition may still be an older daemon's.
pod_is_ready() { [[ $(field "$1" '.status.conditions[?(@.type=="Ready")].status') == True ]] && container_pid "$1"; }
node_is_ready() { [[ $(kubectl get nodes -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}') == True ]]; }
# The daemon answers for its pods: exec goes through it to the supervisor.
all_managed() { node_is_ready && kubectl exec store-0 -- true && kubectl exec limited -- true; }
restarts() { kubectl get pods -o 'jsonpath={range .items[*]}{.metadata.name}={.status.containerStatuses[0].restartCount} {end}' | sed 's/ $//'; }

# The cgroup of a pod's one container that has processes: of v2, or of a controller's v1 hierarchy.
hierarchy() { if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then echo /sys/fs/cgroup; else echo "/sys/fs/cgroup/$1"; fi; }
container_cgroup() {
    local id
    id=$(field "$1" '.status.containerStatuses[0].containerID')
    find "$(hierarchy "${2:-memory}")/kubepods" -type d -name "${id##*/}" | grep .
}
container_pid() { head -n 1 "$(container_cgroup "$1")/cgroup.procs" | grep .; }

# What runs for pods for as long as they do: of each cgroup the first process. Others come and go, such as those of probes.
berth_pids() { find "$(hierarchy memory)/kubepods" -name cgroup.procs -exec head -q -n 1 {} + | sort -n; }

# expect FILE VALUE
expect() { [[ $(cat "$1") == "$2" ]] || { echo "$1 has '$(cat "$1")', not '$2'"; return 1; }; }

# What Berth makes and an uninstall must take away.
traces() {
    local path
    for path in /var/lib/berth /var/lib/kubelet /var/log/pods /var/log/containers /run/berth /etc/berth /etc/cni/net.d /etc/default/berthd /etc/systemd/logind.conf.d \
        /etc/systemd/system/berth* /etc/systemd/system/*.wants/berth* /etc/modules-load.d/berth.conf /etc/sysctl.d/90-berth.conf \
        /usr/local/bin/berth* /usr/lib/berth /var/cache/berth /var/lib/cni /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods /run/netns/*; do
        [[ ! -e $path ]] || echo "path $path"
    done
    findmnt -rno TARGET | grep -E 'berth|kubelet' | sed 's/^/mount /' || true
    losetup -nlO NAME,BACK-FILE | sed 's/^/loop device /'
    ip -o link | awk -F': ' '$2 !~ "^(lo|en|eth)" { print "interface " $2 }'
    ip -o address show dev lo | grep -v -E '127.0.0.1|::1' | sed 's/^/address /' || true
    nft list tables | grep -i -E 'berth|cni' || true
    iptables-save | grep -E '^-A|^:CNI' || true
    pgrep -a berth | sed 's/^/process /' || true
}
