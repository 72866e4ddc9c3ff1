#pragma once
// Only built-in C types here, as in spawn_process.h.

/// Most descriptors one message carries.
enum { BERTH_DESCRIPTOR_LIMIT = 8 };

/// socketpair(2) and socket(2): AF_UNIX, SOCK_SEQPACKET, non-blocking, close-on-exec.
int berth_message_pair(int ends[2]);
int berth_message_socket(void);
/// connect(2) and bind(2) to a path of at most 107 bytes; ENAMETOOLONG otherwise.
int berth_connect_unix(int socket, const char *path);
int berth_bind_unix(int socket, const char *path);
/// Reading and writing end with EAGAIN after so long; 0 is for ever. Source: SO_RCVTIMEO in socket(7).
int berth_limit_waits(int socket, long seconds);

/// sendmsg(2) without SIGPIPE.
long berth_send_message(int socket, const void *bytes, unsigned long size, const int *descriptors, unsigned long count);
/// recvmsg(2). `descriptors` has room for BERTH_DESCRIPTOR_LIMIT; they are close-on-exec, and `count` says how many came.
long berth_receive_message(int socket, void *bytes, unsigned long size, int *descriptors, unsigned long *count);

/// SO_PEERCRED: the pid of the other end, as our PID namespace numbers it.
int berth_peer_pid(int socket);
