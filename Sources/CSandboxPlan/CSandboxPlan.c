#include "CSandboxPlan.h"

#include <errno.h>
#include <string.h>

struct view {
    const char *base;
    size_t size;
};

// 1 when `count` elements of `width` bytes lie inside the block, at an address aligned as the encoder aligns them.
static int holds(struct view view, struct berth_span span, size_t width, size_t alignment) {
    if (span.count == 0) return 1;
    return span.offset % alignment == 0 && span.offset < view.size && span.count <= (view.size - span.offset) / width;
}

static int is_text(struct view view, struct berth_span span) {
    if (span.offset >= view.size || span.count >= view.size - span.offset) return 0;
    const char *text = view.base + span.offset;
    return text[span.count] == 0 && memchr(text, 0, span.count) == NULL;
}

// Without a count: the text goes as far as its NUL.
static int is_text_at(struct view view, uint32_t offset) {
    return offset < view.size && memchr(view.base + offset, 0, view.size - offset) != NULL;
}

static int are_texts(struct view view, struct berth_span list) {
    if (!holds(view, list, sizeof(struct berth_span), 8)) return 0;
    const struct berth_span *spans = berth_at(view.base, list.offset);
    for (uint32_t i = 0; i < list.count; i++)
        if (!is_text(view, spans[i])) return 0;
    return 1;
}

static int is_cgroup(struct view view, const struct berth_cgroup *cgroup) {
    if (!are_texts(view, cgroup->directories) || !holds(view, cgroup->writes, sizeof(struct berth_cgroup_write), 8)
        || !holds(view, cgroup->device_filter, 1, 8) || cgroup->device_filter.count % 8 != 0)
        return 0;
    const struct berth_cgroup_write *writes = berth_at(view.base, cgroup->writes.offset);
    for (uint32_t i = 0; i < cgroup->writes.count; i++)
        if (!is_text(view, writes[i].file) || !is_text(view, writes[i].value)) return 0;
    return 1;
}

static int is_process(struct view view, const struct berth_process *process) {
    return are_texts(view, process->arguments) && process->arguments.count > 0 && are_texts(view, process->environment)
        && is_text(view, process->working_directory) && is_text(view, process->label) && is_text(view, process->document)
        && holds(view, process->groups, sizeof(uint32_t), 4)
        && holds(view, process->seccomp, 1, 8) && process->seccomp.count % 8 == 0 && process->seccomp.count / 8 <= UINT16_MAX
        && holds(view, process->resource_limits, sizeof(struct berth_resource_limit), 8);
}

static int is_container(struct view view, const struct berth_container *container) {
    if (!is_text(view, container->id) || container->id.count != BERTH_ID_SIZE || !is_text(view, container->name)
        || !is_text(view, container->process_target)
        || (container->process_target.count != 0 && container->process_target.count != BERTH_ID_SIZE) || container->name.count > 63 || !is_text(view, container->scratch) || !is_text(view, container->log_path)
        || !are_texts(view, container->layers) || container->layers.count == 0
        || !holds(view, container->mounts, sizeof(struct berth_mount), 8)
        || !holds(view, container->devices, sizeof(struct berth_device), 8)
        || !are_texts(view, container->masked_paths) || !are_texts(view, container->read_only_paths)
        || (container->mount_label != 0 && !is_text_at(view, container->mount_label)))
        return 0;
    const struct berth_mount *mounts = berth_at(view.base, container->mounts.offset);
    for (uint32_t i = 0; i < container->mounts.count; i++)
        if (!is_text(view, mounts[i].destination) || !is_text(view, mounts[i].source) || !is_text(view, mounts[i].detail)) return 0;
    const struct berth_device *devices = berth_at(view.base, container->devices.offset);
    for (uint32_t i = 0; i < container->devices.count; i++)
        if (!is_text(view, devices[i].path)) return 0;
    return is_cgroup(view, &container->cgroup) && is_process(view, &container->process);
}

static int is_sandbox(struct view view, const struct berth_sandbox *sandbox) {
    if (!is_text(view, sandbox->uid) || !is_text(view, sandbox->namespace_) || !is_text(view, sandbox->name)
        || !is_text(view, sandbox->hostname) || !is_text(view, sandbox->handler) || !is_text(view, sandbox->runtime)
        || !holds(view, sandbox->sysctls, sizeof(struct berth_sysctl), 8))
        return 0;
    const struct berth_sysctl *sysctls = berth_at(view.base, sandbox->sysctls.offset);
    for (uint32_t i = 0; i < sandbox->sysctls.count; i++)
        if (!is_text(view, sysctls[i].name) || !is_text(view, sysctls[i].value)) return 0;
    return is_cgroup(view, &sandbox->cgroup);
}

int berth_plan_check(const void *bytes, size_t size, uint16_t kind) {
    const struct berth_plan_header *header = bytes;
    if (size < sizeof *header || size > BERTH_PLAN_LIMIT) return EINVAL;
    if (header->magic != BERTH_PLAN_MAGIC || header->version != BERTH_VERSION || header->kind != kind) return EPROTO;
    if (header->size != size) return EINVAL;
    struct view view = {bytes, size};
    struct berth_span body = {header->body, 1};
    const void *start = berth_at(bytes, header->body);
    switch (kind) {
    case BERTH_PLAN_SANDBOX: return holds(view, body, sizeof(struct berth_sandbox), 8) && is_sandbox(view, start) ? 0 : EINVAL;
    case BERTH_PLAN_CONTAINER: return holds(view, body, sizeof(struct berth_container), 8) && is_container(view, start) ? 0 : EINVAL;
    case BERTH_PLAN_PROCESS: return holds(view, body, sizeof(struct berth_process), 8) && is_process(view, start) ? 0 : EINVAL;
    default: return EPROTO;
    }
}
