#include <zmq.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// Begins or ends watching a descriptor for what is to be read: epoll_ctl(2), whose event is a union.
static inline int czeromq_watch(int poll, int operation, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
    return epoll_ctl(poll, operation, descriptor, &event);
}

// Likewise, but tells each time that something has come, whether what came before was read or not.
static inline int czeromq_watch_edges(int poll, int operation, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.fd = descriptor}};
    return epoll_ctl(poll, operation, descriptor, &event);
}

// Waits for watched descriptors, so many milliseconds, and gives 64 of those that can be read at most.
static inline int czeromq_wait(int poll, int *descriptors, int timeout) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, 64, timeout);
    for (int index = 0; index < count; index++) descriptors[index] = events[index].data.fd;
    return count;
}

/* Names the calling thread; the kernel keeps 15 bytes. prctl is variadic, which Swift can't import. */
static inline void czeromq_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name, 0, 0, 0); }

/* Stable in the library since 4.3.0, but declared in the draft part of the header only. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
