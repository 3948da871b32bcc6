/* Loaded into an Asterisk (LD_PRELOAD), writes every 0.2 s how many bytes of its heaps are in use to the file that HEAP_FILE
   names. What the process holds of the system says little: the C library keeps what was freed. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *tell(void *name)
{
    char draft[4096];
    snprintf(draft, sizeof draft, "%s.new", (char *)name);
    for (;;) {
        struct mallinfo2 all = mallinfo2();
        FILE *file = fopen(draft, "w");
        if (file != NULL) {
            fprintf(file, "%zu\n", all.uordblks + all.hblkhd);
            if (fclose(file) == 0)
                rename(draft, name);
        }
        usleep(200000);
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void)
{
    char *name = getenv("HEAP_FILE");
    pthread_t thread;
    if (name != NULL && pthread_create(&thread, NULL, tell, name) == 0)
        pthread_detach(thread);
}
