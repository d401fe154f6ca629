//! A disk that refuses, and mails that would fill the memory.

/// Work for hooks where the system refuses.
mod hooks;
/// With strace.
mod real;
