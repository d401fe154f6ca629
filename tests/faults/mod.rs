//! A disk that refuses, and mails that would fill the memory.

/// With strace.
mod real;
