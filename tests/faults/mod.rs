//! A disk that refuses, and mails that would fill the memory.

/// A disk that is full.
mod full;
/// Work for hooks where the system refuses.
mod hooks;
/// With strace.
mod real;
