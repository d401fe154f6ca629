//! The program: hands over to the command line of the library.

fn main() {}
