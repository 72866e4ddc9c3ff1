#include "pod_internal.h"
#include <linux/bpf.h>

int device_filter_attach(const void *plan, struct berth_span program, const char *directory) {
    int cgroup = pod_unified_cgroup(directory);
    if (cgroup < 0) return 0;  // v1 has files for it
    union bpf_attr load = {0}, attach = {0};
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insn_cnt = program.count / sizeof(struct bpf_insn);
    load.insns = (uint64_t)(uintptr_t)berth_at(plan, program.offset);
    load.license = (uint64_t)(uintptr_t) "Apache-2.0";
    int filter = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    int result = filter < 0 ? -errno : 0;
    if (filter >= 0) {
        attach.target_fd = (uint32_t)cgroup;
        attach.attach_bpf_fd = (uint32_t)filter;
        attach.attach_type = BPF_CGROUP_DEVICE;
        // All programs on the way to the root must agree: those of the host's manager stay in force.
        attach.attach_flags = BPF_F_ALLOW_MULTI;
        if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach)) result = -errno;
        close(filter);
    }
    close(cgroup);
    return result;
}
