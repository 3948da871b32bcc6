/* The smallest honest receiver: epoll, recvmmsg, throw away. What benchmarks/bench_recorder.py is measured against.

   sink <streams>          prints one port a line; for each line of input, packets received and CPU seconds so far */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 16, BYTES = 2048, EVENTS = 256 };

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 0, poll = epoll_create1(0), buffer = 2 * 1024 * 1024;
    for (int i = 0; i < count; i++) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof here;
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (bind(fd, (struct sockaddr *)&here, size)) return perror("bind"), 1;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
        getsockname(fd, (struct sockaddr *)&here, &size);
        struct epoll_event want = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &want);
        printf("%d\n", ntohs(here.sin_port));
    }
    fflush(stdout);
    struct epoll_event want = {.events = EPOLLIN, .data.fd = 0};
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &want);
    static unsigned char data[BATCH][BYTES];
    static struct mmsghdr messages[BATCH];
    static struct iovec places[BATCH];
    for (int i = 0; i < BATCH; i++) {
        places[i] = (struct iovec){data[i], BYTES};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &places[i], .msg_iovlen = 1};
    }
    long long packets = 0;
    for (;;) {
        struct epoll_event ready[EVENTS];
        int found = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < found; i++) {
            if (ready[i].data.fd == 0) {
                struct rusage usage;
                getrusage(RUSAGE_SELF, &usage);
                double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
                             (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
                char line[16];
                if (read(0, line, sizeof line) <= 0) return 0;
                printf("%lld %f\n", packets, cpu);
                fflush(stdout);
                continue;
            }
            int n = recvmmsg(ready[i].data.fd, messages, BATCH, MSG_DONTWAIT, NULL);
            if (n > 0) packets += n;
        }
    }
}
