// first-calls OUTPUT SECTIONS FUNCTIONS PROGRAM [ARGUMENT...]: runs PROGRAM, and appends to OUTPUT, for every section of its text that
// is run, the name of the first function called in it, in the order of these calls.
//
// SECTIONS has the address of every section, FUNCTIONS address and name of every function; hexadecimal, ascending, as linked.
// Each function begins with a breakpoint until one of its section is hit, so that the program runs at nearly its own speed.
// x86-64 only. Source: ptrace(2).
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long *sections, section_count, *functions, function_count;
static char **names, *is_done;
static unsigned long begin, end;  // of the text as linked
static unsigned long base;        // what is added to that in memory
static unsigned char *text;

/// The last of `count` ascending numbers that is at most `number`, or -1.
static long find(const unsigned long *numbers, unsigned long count, unsigned long number) {
    long low = 0, high = (long)count;
    while (low < high) {
        long middle = (low + high) / 2;
        if (numbers[middle] <= number) low = middle + 1; else high = middle;
    }
    return low - 1;
}

static void *grown(void *array, unsigned long count, unsigned long size) {
    if (count & (count - 1)) return array;
    array = realloc(array, (count ? 2 * count : 1) * size);
    if (!array) err(1, "realloc");
    return array;
}

static FILE *opened(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) err(1, "%s", path);
    return file;
}

static void read_tables(const char *section_file, const char *function_file) {
    FILE *file = opened(section_file);
    unsigned long address;
    for (; fscanf(file, "%lx", &address) == 1; section_count++) {
        sections = grown(sections, section_count, sizeof *sections);
        sections[section_count] = address;
    }
    fclose(file);
    is_done = calloc(section_count + 1, 1);
    static char name[65536];
    file = opened(function_file);
    for (; fscanf(file, "%lx %65535s", &address, name) == 2; function_count++) {
        functions = grown(functions, function_count, sizeof *functions);
        names = grown(names, function_count, sizeof *names);
        functions[function_count] = address;
        names[function_count] = strdup(name);
    }
    fclose(file);
}

static int memory_of(pid_t process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", process);
    int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory < 0) err(1, "%s", path);
    return memory;
}

static void find_text(pid_t process, const char *program) {
    char path[64], line[4096], *real = realpath(program, NULL);
    if (!real) err(1, "%s", program);
    snprintf(path, sizeof path, "/proc/%d/maps", process);
    FILE *file = opened(path);
    while (fgets(line, sizeof line, file)) {
        unsigned long from, to, offset;
        char rights[8];
        if (!strstr(line, real) || sscanf(line, "%lx-%lx %7s %lx", &from, &to, rights, &offset) != 4) continue;
        if (!base) base = from - offset;  // the first segment is linked at 0
        if (rights[2] == 'x') { begin = from - base; end = to - base; }
    }
    fclose(file);
    if (!end) errx(1, "%s has no text", real);
}

static void put(int memory, const unsigned char *bytes, unsigned long count, unsigned long address) {
    if (pwrite(memory, bytes, count, (off_t)(base + address)) != (ssize_t)count) err(1, "writing the program's text");
}

static void set_breakpoints(pid_t process) {
    int memory = memory_of(process);
    unsigned long count = end - begin;
    text = malloc(count);
    unsigned char *changed = malloc(count);
    if (!text || !changed) err(1, "malloc");
    if (pread(memory, text, count, (off_t)(base + begin)) != (ssize_t)count) err(1, "reading the program's text");
    memcpy(changed, text, count);
    for (unsigned long i = 0; i < function_count; i++)
        if (functions[i] >= begin && functions[i] < end) changed[functions[i] - begin] = 0xCC;
    put(memory, changed, count, begin);
    free(changed);
    close(memory);
}

/// Whether the thread stopped at a breakpoint of ours; then it goes on as if that were not there.
static int passes(pid_t thread, int output) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers)) return 0;
    unsigned long address = registers.rip - 1 - base;
    long function = find(functions, function_count, address);
    if (function < 0 || functions[function] != address || address < begin || address >= end) return 0;
    long section = find(sections, section_count, address);
    if (section < 0) errx(1, "%s is in no section", names[function]);
    unsigned long last = section + 1 < (long)section_count ? sections[section + 1] : end;
    // Also when another thread was here before: a child between fork and exec has its own copy of the text.
    int memory = memory_of(thread);
    put(memory, text + (sections[section] - begin), last - sections[section], sections[section]);
    close(memory);
    if (!is_done[section]) {
        is_done[section] = 1;
        dprintf(output, "%s\n", names[function]);
    }
    registers.rip--;
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
    return 1;
}

int main(int count, char **arguments) {
    if (count < 5) errx(64, "usage: first-calls OUTPUT SECTIONS FUNCTIONS PROGRAM [ARGUMENT...]");
    int output = open(arguments[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (output < 0) err(1, "%s", arguments[1]);
    read_tables(arguments[2], arguments[3]);
    pid_t program = fork();
    if (program == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(arguments[4], arguments + 4);
        err(127, "%s", arguments[4]);
    }
    int status;
    if (program < 0 || waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status)) errx(1, "%s does not start", arguments[4]);
    ptrace(PTRACE_SETOPTIONS, program, 0,
           PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    find_text(program, arguments[4]);
    set_breakpoints(program);
    ptrace(PTRACE_CONT, program, 0, 0);
    pid_t thread;
    while ((thread = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == program) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_EXEC) {
            ptrace(PTRACE_DETACH, thread, 0, 0);
            continue;
        }
        // A new thread begins with SIGSTOP.
        if (event || signal == SIGSTOP || (signal == SIGTRAP && passes(thread, output))) signal = 0;
        ptrace(PTRACE_CONT, thread, 0, signal);
    }
    return 0;
}
