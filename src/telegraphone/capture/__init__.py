"""The recorder: processes that take RTP in, seal it and write it, and the client through which the program commands them."""
