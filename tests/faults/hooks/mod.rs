//! Work for hooks where the system refuses.

/// With strace, prlimit and unshare.
mod real;
