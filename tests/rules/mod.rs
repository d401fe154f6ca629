//! Tables: what is stored, what arrives, the verdict and its findings.
