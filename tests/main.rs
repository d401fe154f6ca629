//! One test binary; a sentence for each file.
mod pgp; // Seals: what is opened, what is set aside, and that gpg agrees.
