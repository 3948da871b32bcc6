/* Sends G.711 RTP for many streams at 20 ms a packet: the load for the recorder's benchmarks.

   load <streams> <seconds> < ports          each line of the input is the port of one stream on 127.0.0.1

   Every stream has its own socket, whose port is printed first, one line each; sending begins when a line "go" comes
   behind the ports. Streams are spread evenly over the 20 ms, so that the load has no pulse of its own. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { PACKET = 172, SLICES = 20 };

struct stream {
    int fd;
    uint16_t seq;
    uint32_t ts;
    unsigned char packet[PACKET];
};

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 0;
    int seconds = argc > 2 ? atoi(argv[2]) : 0;
    struct stream *streams = calloc(count, sizeof *streams);
    char line[64];
    for (int i = 0; i < count; i++) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof here;
        streams[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (bind(streams[i].fd, (struct sockaddr *)&here, size)) return perror("bind"), 1;
        getsockname(streams[i].fd, (struct sockaddr *)&here, &size);
        printf("%d\n", ntohs(here.sin_port));
    }
    fflush(stdout);
    for (int i = 0; i < count; i++) {
        if (!fgets(line, sizeof line, stdin)) return 1;
        struct sockaddr_in there = {
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(atoi(line))};
        if (connect(streams[i].fd, (struct sockaddr *)&there, sizeof there)) return perror("connect"), 1;
        unsigned char *p = streams[i].packet;
        p[0] = 0x80;
        uint32_t ssrc = htonl(0x20000000u + i);
        memcpy(p + 8, &ssrc, 4);
        for (int k = 12; k < PACKET; k++) p[k] = (unsigned char)(k * 7 + i);
    }
    if (!fgets(line, sizeof line, stdin)) return 1;
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    long long refused = 0, sent = 0;
    for (long turn = 0; turn < seconds * 50L; turn++) {
        for (int slice = 0; slice < SLICES; slice++) {
            for (int i = slice; i < count; i += SLICES) {
                struct stream *s = &streams[i];
                uint16_t seq = htons(s->seq++);
                uint32_t ts = htonl(s->ts);
                s->ts += 160;
                memcpy(s->packet + 2, &seq, 2);
                memcpy(s->packet + 4, &ts, 4);
                if (send(s->fd, s->packet, PACKET, 0) < 0) refused++;
                sent++;
            }
            due.tv_nsec += 20000000 / SLICES;
            if (due.tv_nsec >= 1000000000) due.tv_nsec -= 1000000000, due.tv_sec++;
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        }
    }
    printf("%lld %lld\n", sent, refused);
    return 0;
}
