# shellcheck shell=bash disable=SC2016  # expanded by the machine's shell
# What pods ask of a kernel that the machine has and a container host may not: cgroup v2 by other runtimes, huge pages, security labels.
# Sourced by test-vm, whose `check` these use; each leaves the machine's pods as it found them.

check_runtime() {
    check "$1 makes containers on cgroup v2: limits, exec, logs, out of memory, and nothing stays" "handler=$1"'
        sed "s/HANDLER/$handler/" /cargo/berth/scripts/vm/runtime.yaml | kubectl apply -f -
        within 60 pod_is_ready "by-$handler"
        container=$(container_cgroup "by-$handler") pod=${container%/*} uid=$(field "by-$handler" .metadata.uid)
        expect "$container/memory.max" 33554432
        expect "$container/cpu.max" "25000 100000"
        expect "$container/memory.oom.group" 1
        expect "$pod/memory.max" 33554432
        expect "$pod/pids.max" 64
        [[ -z $(cat "$pod/cgroup.procs") ]]
        # Nothing of the runtime is left beside the container.
        [[ -z $(pgrep -x "$handler") ]]
        kubectl exec "by-$handler" -- grep -x 0::/ /proc/self/cgroup
        [[ $(kubectl exec "by-$handler" -- cat /proc/1/attr/current) == "berth-default (enforce)" ]]
        status=0; kubectl exec "by-$handler" -- sh -c "exit 7" || status=$?
        [[ $status -eq 7 ]]
        [[ $(kubectl logs "by-$handler") == begun ]]
        within 60 pod_has "hog-$handler" .status.phase Failed
        [[ $(field "hog-$handler" ".status.containerStatuses[0].state.terminated.reason") == OOMKilled ]]
        [[ $(field "hog-$handler" ".status.containerStatuses[0].state.terminated.exitCode") == 137 ]]
        begun=$(milliseconds)
        kubectl delete pod "by-$handler" "hog-$handler"
        took=$(($(milliseconds) - begun))
        kubectl delete runtimeclass "$handler"
        [[ ! -e $pod && ! -e /run/berth/pods/$uid ]]
        # Ended by its signal, and not by the end of its grace period.
        [[ $took -lt 30000 ]]
        echo "deleted in $took ms"'
}

check_hanging_runtime() {
    check "an OCI runtime that hangs is given up, with an event that says so" '
        printf "%s\n" "#!/bin/sh" "exec sleep 864001" > /usr/local/bin/stuck
        chmod +x /usr/local/bin/stuck
        cp /etc/default/berthd /tmp/berthd.default
        sed -i "s,--standalone,--standalone --oci-runtime stuck=/usr/local/bin/stuck --oci-runtime-timeout 3s," /etc/default/berthd
        systemctl restart berthd.service
        within 120 node_is_ready
        sed "s/HANDLER/stuck/" /cargo/berth/scripts/vm/runtime.yaml | kubectl apply -f -
        told() { kubectl get events | grep "stuck create: no end within 3 s"; }
        within 90 told
        kubectl delete pod by-stuck hog-stuck --now
        kubectl delete runtimeclass stuck
        [[ -z $(pgrep -f "^sleep 864001") ]]
        mv /tmp/berthd.default /etc/default/berthd
        rm /usr/local/bin/stuck
        systemctl restart berthd.service
        within 120 all_managed'
}

# check_huge_pages VERSION FILE: the version of cgroups, and the file that has the limit.
check_huge_pages() {
    check "huge pages on cgroup $1: the node has them, a pod has its own, and no more" "limit=hugetlb.2MB.$2"'
        sysctl -q vm.nr_hugepages=8
        systemctl restart berthd.service
        capacity() { [[ $(kubectl get nodes -o "jsonpath={.items[0].status.capacity.hugepages-2Mi} {.items[0].status.allocatable.hugepages-2Mi}") == "16777216 16777216" ]]; }
        within 120 capacity
        kubectl apply -f /cargo/berth/scripts/vm/huge-pages.yaml
        within 60 pod_is_ready huge
        container=$(container_cgroup huge hugetlb) pod=${container%/*}
        expect "$container/$limit" 4194304
        expect "$pod/$limit" 4194304
        kubectl exec huge -- grep " /pages hugetlbfs .*pagesize=2M" /proc/mounts
        ask() { kubectl exec huge -- chroot /machine perl /mnt/ask "$1" 2>&1; }
        [[ $(ask 4) == "had 4194304" ]]
        [[ $(ask 6) == *"Cannot allocate memory"* ]]
        # The file system has as much: what is in it counts for the pod.
        kubectl exec huge -- df -k /pages
        # A pod without any has none.
        expect "$(container_cgroup limited hugetlb)/$limit" 0
        kubectl delete pod huge --now
        kubectl delete configmap ask
        [[ ! -e $pod ]]
        grep -x "HugePages_Free: *8" /proc/meminfo
        sysctl -q vm.nr_hugepages=0
        systemctl restart berthd.service
        within 120 all_managed'
}

check_app_armor() {
    check "AppArmor: RuntimeDefault is for all, Localhost and Unconfined are honoured, a profile that is not loaded is named" '
        printf "%s\n" "profile no-hostname flags=(attach_disconnected) {" "  file, network, capability, signal, ptrace," "  deny /etc/hostname r," "}" | apparmor_parser --replace --skip-cache
        kubectl apply -f /cargo/berth/scripts/vm/apparmor.yaml
        for pod in unnamed standard chosen free privileged; do within 60 pod_is_ready "$pod"; done
        profile() { kubectl exec "$1" -- cat /proc/1/attr/current /proc/self/attr/current | sort -u; }
        [[ $(profile unnamed) == "berth-default (enforce)" ]]
        [[ $(profile standard) == "berth-default (enforce)" ]]
        [[ $(profile chosen) == "no-hostname (enforce)" ]]
        [[ $(profile free) == unconfined ]]
        [[ $(profile privileged) == unconfined ]]
        # Neither capabilities nor a system call filter stand in the way of this one.
        [[ $(kubectl exec unnamed -- mount -t tmpfs none /tmp 2>&1 || true) == *"Permission denied"* ]]
        [[ $(kubectl exec chosen -- cat /etc/hostname 2>&1 || true) == *"Permission denied"* ]]
        kubectl exec standard -- cat /etc/hostname
        waiting=".status.containerStatuses[0].state.waiting"
        within 60 pod_has unloaded "$waiting.reason" CreateContainerError
        [[ $(field unloaded "$waiting.message") == "apparmor profile not found absent" ]]
        kubectl delete -f /cargo/berth/scripts/vm/apparmor.yaml'
}

# On a machine that was started with SELinux.
check_selinux() {
    check "SELinux: each pod has its categories, seLinuxOptions are honoured, a label that the policy lacks is named" '
        within 120 node_is_ready
        within 120 all_managed
        grep -x 0 /sys/fs/selinux/enforce
        kubectl apply -f /cargo/berth/scripts/vm/selinux.yaml
        for pod in labelled labelled-by-crun one other privileged; do within 120 pod_is_ready "$pod"; done
        label() { kubectl exec "$1" -- cat /proc/1/attr/current | tr -d "\0"; }
        [[ $(label labelled) == system_u:system_r:spc_t:s0:c1,c2 ]]
        [[ $(kubectl exec labelled -- cat /proc/self/attr/current | tr -d "\0") == system_u:system_r:spc_t:s0:c1,c2 ]]
        [[ $(label labelled-by-crun) == system_u:system_r:container_t:s0:c3,c4 ]]
        [[ $(label one) == system_u:system_r:container_t:s0:c*,c* && $(label other) == system_u:system_r:container_t:s0:c*,c* ]]
        [[ $(label one) != "$(label other)" ]]
        [[ $(label privileged) == system_u:system_r:spc_t:s0 ]]
        # Of files: the root, what the node puts there, volumes of the pod, and not those of the host.
        root=/proc/$(container_pid labelled)/root
        of() { stat -c %C "$root$1"; }
        for path in /bin/busybox /etc/hosts /etc/resolv.conf /own /dev/null /dev/pts /dev/shm /dev/termination-log; do
            [[ $(of "$path") == system_u:object_r:container_file_t:s0:c1,c2 ]] || { echo "$path is $(of "$path")"; exit 1; }
        done
        [[ $(of /host) != *container_file_t* ]]
        kubectl exec labelled -- sh -c "echo x > /own/new"
        [[ $(of /own/new) == *:container_file_t:s0* ]]
        root=/proc/$(container_pid labelled-by-crun)/root
        for path in /bin/busybox /etc/hosts /dev /dev/shm; do [[ $(of "$path") == system_u:object_r:container_file_t:s0:c3,c4 ]] || { echo "$path is $(of "$path")"; exit 1; }; done
        waiting=".status.containerStatuses[0].state.waiting"
        within 60 pod_has unknown "$waiting.reason" CreateContainerError
        [[ $(field unknown "$waiting.message") == "cannot enforce SELinux: the policy of the host has no context \"system_u:system_r:moon_t:"* ]]
        before=$(label one)
        systemctl restart berthd.service
        within 120 all_managed
        kubectl exec one -- true
        [[ $(label one) == "$before" ]]
        kubectl delete -f /cargo/berth/scripts/vm/selinux.yaml
        echo "$before"'
}
