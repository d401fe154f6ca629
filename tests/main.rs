//! One test binary; a sentence for each file.
