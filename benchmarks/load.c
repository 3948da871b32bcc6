/* Sends G.711 RTP for many streams at 20 ms a packet: the load for the recorder's benchmarks.

   load <streams> <seconds> < ports          each line of the input is the port of one stream on 127.0.0.1

   load <streams> <seconds> marks            the packets of every other stream, from the first, tell when they were sent: each is
                                             160 times the byte 0x80 + n % 24 of its number n; the others whisper

   load <streams> <seconds> each             each line is the number of a stream and its port, and that stream begins at once

   Every stream has its own socket, whose port is printed first, one line each; all are sent for so many seconds from when a
   line "go" comes behind the ports. Streams are spread evenly over the 20 ms, so that the load has no pulse of its own. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 172, SLICES = 20 };

struct stream {
    int fd, aimed;
    uint16_t seq;
    uint32_t ts;
    unsigned char packet[PACKET];
};

static void aim(struct stream *stream, int port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    if (connect(stream->fd, (struct sockaddr *)&there, sizeof there)) perror("connect"), exit(1);
    stream->aimed = 1;
}

/* Begins the streams whose lines have come; whether "go" has. */
static int heard(struct stream *streams, int count) {
    static char text[4096];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, text + length, sizeof text - 1 - length);
    if (got == 0) exit(1);
    if (got > 0) length += got;
    text[length] = 0;
    char *line = text, *end;
    int i, port, go = 0;
    while ((end = strchr(line, '\n'))) {
        if (!strncmp(line, "go", 2)) go = 1;
        else if (sscanf(line, "%d %d", &i, &port) == 2 && i >= 0 && i < count) aim(&streams[i], port);
        line = end + 1;
    }
    length -= line - text;
    memmove(text, line, length);
    return go;
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 0;
    int seconds = argc > 2 ? atoi(argv[2]) : 0;
    int marks = argc > 3 && !strcmp(argv[3], "marks"), each = argc > 3 && !strcmp(argv[3], "each");
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
        if (!each) {
            if (!fgets(line, sizeof line, stdin)) return 1;
            aim(&streams[i], atoi(line));
        }
        unsigned char *p = streams[i].packet;
        p[0] = 0x80;
        uint32_t ssrc = htonl(0x20000000u + i);
        memcpy(p + 8, &ssrc, 4);
        for (int k = 12; k < PACKET; k++) p[k] = marks ? 0xfe - (k & 1) * 0x80 : (unsigned char)(k * 7 + i);
    }
    if (each) fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    else if (!fgets(line, sizeof line, stdin)) return 1;
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    long long refused = 0, sent = 0;
    int begun = !each;
    for (long turn = 0, left = seconds * 50L; left; turn++, left -= begun) {
        for (int slice = 0; slice < SLICES; slice++) {
            if (!begun) begun = heard(streams, count);
            for (int i = slice; i < count; i += SLICES) {
                struct stream *s = &streams[i];
                if (!s->aimed) continue;
                uint16_t seq = htons(s->seq++);
                uint32_t ts = htonl(s->ts);
                s->ts += 160;
                memcpy(s->packet + 2, &seq, 2);
                memcpy(s->packet + 4, &ts, 4);
                if (marks && i % 2 == 0) memset(s->packet + 12, 0x80 + turn % 24, PACKET - 12);
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
