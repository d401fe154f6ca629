//! One test binary; a sentence for each file.

/// Letters of every kind, made by chance.
mod letters;
/// Form: letters as MIME text, and back.
mod mail;
