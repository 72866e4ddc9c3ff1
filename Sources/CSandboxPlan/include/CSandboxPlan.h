#pragma once
// The binary form of a launch plan, shared by berthd (which writes it) and berth-pod (which performs it), and the
// messages the two exchange. Same machine, same byte order; `version` changes with every change of this file.
//
// A plan is one block: header, then strings and arrays, then the body whose offset the header gives. Every span is an
// offset from the start of the block and a count: of bytes for text (a NUL follows, none is inside), of elements for arrays.
#include <stddef.h>
#include <stdint.h>

#define BERTH_PLAN_MAGIC 0x48545242u
#define BERTH_VERSION 3u
/// Largest plan accepted. Bytes.
#define BERTH_PLAN_LIMIT (16u << 20)
#define BERTH_ID_SIZE 64

struct berth_span {
    uint32_t offset;
    uint32_t count;
};

enum { BERTH_PLAN_SANDBOX = 1, BERTH_PLAN_CONTAINER = 2, BERTH_PLAN_PROCESS = 3 };

struct berth_plan_header {
    uint32_t magic;
    uint16_t version;
    uint16_t kind;
    /// Of the whole block. Bytes.
    uint32_t size;
    /// Offset of `berth_sandbox`, `berth_container` or `berth_process`.
    uint32_t body;
};

struct berth_cgroup_write {
    struct berth_span file, value;
    uint32_t is_optional;
    uint32_t reserved;
};

struct berth_cgroup {
    /// Of `berth_span`.
    struct berth_span directories;
    /// Of `berth_cgroup_write`.
    struct berth_span writes;
    /// Bytes, a multiple of 8: a program of type BPF_PROG_TYPE_CGROUP_DEVICE, attached to each v2 directory. Empty: none.
    struct berth_span device_filter;
};

struct berth_sysctl {
    struct berth_span name, value;
};

enum { BERTH_NET = 1, BERTH_IPC = 2, BERTH_UTS = 4, BERTH_USER = 8, BERTH_HOSTNAME = 16 };
enum { BERTH_PID_CONTAINER = 0, BERTH_PID_POD = 1, BERTH_PID_HOST = 2 };

struct berth_sandbox {
    struct berth_span uid, namespace_, name, hostname;
    /// Name and absolute path of the OCI runtime that makes the containers; empty: berth-pod does.
    struct berth_span handler, runtime;
    uint32_t flags, pid_scope, user_base, user_length;
    /// Of `berth_sysctl`.
    struct berth_span sysctls;
    struct berth_cgroup cgroup;
    uint64_t shared_memory_bytes;
    int32_t oom_score_adjustment;
    /// What one command of the runtime may take; zero is fifty. Seconds.
    uint32_t runtime_seconds;
};

enum { BERTH_MOUNT_FILESYSTEM = 0, BERTH_MOUNT_BIND = 1, BERTH_MOUNT_CGROUP = 2, BERTH_MOUNT_SHARED_MEMORY = 3 };
enum {
    BERTH_READ_ONLY = 1, BERTH_NO_SUID = 2, BERTH_NO_DEV = 4, BERTH_NO_EXEC = 8, BERTH_RELATIME = 16, BERTH_STRICT_ATIME = 32,
    BERTH_RECURSIVE_READ_ONLY = 64, BERTH_ID_MAPPED = 128,
};
enum { BERTH_PRIVATE = 0, BERTH_SLAVE = 1, BERTH_SHARED = 2 };

struct berth_mount {
    uint32_t kind, options, propagation, is_recursive;
    struct berth_span destination;
    /// File system type and its data, or bind root and the path beneath it.
    struct berth_span source, detail;
};

struct berth_device {
    struct berth_span path;
    /// 1 block, 0 character.
    uint32_t is_block, major, minor, mode;
};

struct berth_resource_limit {
    uint64_t soft, hard;
    uint32_t resource, reserved;
};

/// The last two say what the label is.
enum { BERTH_NO_NEW_PRIVILEGES = 1, BERTH_TTY = 2, BERTH_APPARMOR = 4, BERTH_SELINUX = 8 };

struct berth_process {
    uint64_t bounding, effective, permitted, inheritable, ambient;
    /// Of `berth_span`.
    struct berth_span arguments, environment;
    struct berth_span working_directory;
    /// The AppArmor profile or the SELinux context that execve(2) changes to.
    struct berth_span label;
    /// For an OCI runtime: config.json of a container, or the process document of a command. Empty: berth-pod reads the rest itself.
    struct berth_span document;
    /// Of uint32_t.
    struct berth_span groups;
    /// Bytes, a multiple of 8.
    struct berth_span seccomp;
    /// Of `berth_resource_limit`.
    struct berth_span resource_limits;
    uint32_t uid, gid, umask, flags;
    int32_t oom_score_adjustment;
    uint32_t reserved;
};

enum { BERTH_ROOT_READ_ONLY = 1, BERTH_CGROUP_NAMESPACE = 2, BERTH_STDIN = 4, BERTH_STDIN_ONCE = 8 };

struct berth_container {
    struct berth_span id, name, scratch, log_path;
    /// The id of a running container whose PID namespace this one joins; empty: the pod's PID scope decides.
    struct berth_span process_target;
    /// Of `berth_span`, lowest first.
    struct berth_span layers;
    struct berth_span mounts, devices;
    /// Of `berth_span`.
    struct berth_span masked_paths, read_only_paths;
    struct berth_cgroup cgroup;
    struct berth_process process;
    uint64_t log_max_bytes;
    uint32_t log_max_files, attempt, flags;
    /// Offset of the SELinux context of the file systems that are made for the container; zero: none.
    uint32_t mount_label;
};

/// 0 when `bytes` is a whole, well-formed plan of `kind`: afterwards every span in it may be followed unchecked.
/// Otherwise EPROTO (version or kind) or EINVAL.
int berth_plan_check(const void *bytes, size_t size, uint16_t kind);

static inline const void *berth_at(const void *plan, uint32_t offset) { return (const char *)plan + offset; }
static inline const void *berth_plan_body(const void *plan) {
    return berth_at(plan, ((const struct berth_plan_header *)plan)->body);
}

// The control protocol: SOCK_SEQPACKET, one struct a message. Requests carry a tag that the reply repeats; events have tag 0.

enum {
    /// fds: plan. Replies STARTED or FAILED.
    BERTH_START = 1,
    /// fds: plan, stdin, stdout, stderr; with a TTY only the plan, and STARTED brings the master. EXEC_EXITED follows with the same tag.
    BERTH_EXEC,
    /// fds: stdout, stderr for copies of the output. DONE brings the write end of stdin, or the TTY master, when there is one.
    BERTH_ATTACH,
    /// value: signal. flags: BERTH_WHOLE_CGROUP.
    BERTH_SIGNAL,
    /// Sends the signal in `flags` to the session of the exec whose tag is in `value`.
    BERTH_EXEC_SIGNAL,
    /// value: rows << 16 | columns.
    BERTH_RESIZE,
    /// value: TCP port on the pod's loopback. DONE brings the socket.
    BERTH_CONNECT,
    /// Forgets an ended container: its record and its cgroup. DONE brings its scratch directory as the subject.
    BERTH_REMOVE,
    /// One CONTAINER a container, then DONE. The connection receives events from then on.
    BERTH_LIST,
    /// Kills everything; one CONTAINER a container, then DONE. What it holds on the host is gone when berth-pod is.
    BERTH_SHUTDOWN,
};

enum { BERTH_WHOLE_CGROUP = 1 };

struct berth_request {
    uint32_t version, operation;
    uint64_t tag;
    uint64_t value;
    uint32_t flags, reserved;
    char container[BERTH_ID_SIZE];
};

enum {
    BERTH_READY = 1, BERTH_STARTED, BERTH_FAILED, BERTH_DONE, BERTH_CONTAINER, BERTH_EXITED, BERTH_EXEC_EXITED,
    /// Something less than asked for: step, error and subject say what. Never the last reply.
    BERTH_WARNING,
};

enum { BERTH_HAS_EXITED = 1, BERTH_OOM_KILLED = 2, BERTH_IS_TERMINAL = 4, BERTH_HAS_SCRATCH = 8 };

struct berth_reply {
    uint32_t version, kind;
    uint64_t tag;
    /// As the host's PID namespace numbers it.
    int32_t pid;
    uint32_t flags;
    /// Field 22 of /proc/pid/stat: clock ticks since boot.
    uint64_t start_ticks;
    /// Since 1970. Nanoseconds.
    int64_t started, finished;
    /// Exit code 0...255, and the signal that ended the process or 0.
    int32_t code, signal;
    uint32_t attempt;
    /// errno of a FAILED or WARNING.
    int32_t error;
    char container[BERTH_ID_SIZE];
    char name[64];
    char step[32];
    /// What step failed on; of a container its scratch directory.
    char subject[256];
};
