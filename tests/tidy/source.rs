//! Reads Rust just far enough: code without comments and literals, functions and their bodies.

/// A source text without its comments and literals.
pub(super) struct Source {
    /// The code: every comment and the inside of every literal replaced by blanks, line ends kept.
    pub code: String,
    /// The strings that are written in it.
    pub literals: Vec<Literal>,
}

/// A string as it is written in a source text, its escapes resolved.
pub(super) struct Literal {
    /// The place of its opening quote in the code.
    pub at: usize,
    pub text: String,
}

/// A function of a source text.
pub(super) struct Function {
    pub name: String,
    /// What stands between the end of the item before and `fn`: attributes and visibility.
    pub before: String,
    /// The code between the braces.
    pub body: String,
}

impl Source {
    /// Reads a source text.
    pub(super) fn read(text: &str) -> Self {
        let mut scan = Scan { rest: text.chars().collect(), at: 0, code: String::new(), literals: Vec::new() };
        while scan.at < scan.rest.len() {
            scan.step();
        }
        Self { code: scan.code, literals: scan.literals }
    }

    /// Returns every function with a body, in order.
    pub(super) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for start in word_places(&self.code, "fn") {
            let name: String =
                self.code[start + 2..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(end) = end_of_head(&self.code, start) else { continue };
            if name.is_empty() || !self.code[end..].starts_with('{') {
                continue;
            }
            let range = end + 1..closing(&self.code, end);
            let item = self.code[..start].rfind(['{', '}', ';']).map_or(0, |place| place + 1);
            let before = self.code[item..start].to_owned();
            found.push(Function { name, before, body: self.code[range].to_owned() });
        }
        found
    }
}

/// Returns the places where `word` stands alone, not as a part of a longer name.
pub(super) fn word_places(text: &str, word: &str) -> Vec<usize> {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !text[..*at].chars().next_back().is_some_and(part_of_name))
        .filter(|at| !text[*at + word.len()..].chars().next().is_some_and(part_of_name))
        .collect()
}

/// Returns the place of the brace or semicolon that ends the head of a function; not one inside brackets (`[u8; 32]`).
fn end_of_head(code: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in code[start..].char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            '{' | ';' if depth == 0 => return Some(start + at),
            _ => {}
        }
    }
    None
}

/// Returns the place of the brace that closes the one at `open`, or the end of the code.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

struct Scan {
    rest: Vec<char>,
    at: usize,
    code: String,
    literals: Vec<Literal>,
}

impl Scan {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Passes over `count` characters: blanks in the code, but for line ends.
    fn blank(&mut self, count: usize) {
        let end = (self.at + count).min(self.rest.len());
        self.code.extend(self.rest[self.at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        self.at = end;
    }

    fn keep(&mut self) {
        self.code.push(self.peek(0));
        self.at += 1;
    }

    fn step(&mut self) {
        let name_before = self.code.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                let length = self.rest[self.at..].iter().take_while(|c| **c != '\n').count();
                self.blank(length);
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(0),
            ('r', '"' | '#') if !name_before => self.raw_string(1),
            ('b' | 'c', 'r') if !name_before && matches!(self.peek(2), '"' | '#') => self.raw_string(2),
            ('b' | 'c', '"') if !name_before => {
                self.keep();
                self.string(0);
            }
            ('\'', _) => self.quote(),
            _ => self.keep(),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.rest.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.blank(2);
                }
                ('*', '/') => {
                    depth -= 1;
                    self.blank(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.blank(1),
            }
        }
    }

    /// A literal that ends at a quote and `hashes` hashes; escapes count only where there is no hash.
    fn string(&mut self, hashes: usize) {
        let at = self.code.len();
        self.keep();
        let mut length = 0;
        while self.at + length < self.rest.len() {
            match self.peek(length) {
                '\\' if hashes == 0 => length += 2,
                '"' if (1..=hashes).all(|ahead| self.peek(length + ahead) == '#') => break,
                _ => length += 1,
            }
        }
        let written: String = self.rest.iter().skip(self.at).take(length).collect();
        self.literals.push(Literal { at, text: if hashes == 0 { unescaped(&written) } else { written } });
        self.blank(length);
        for _ in 0..=hashes {
            if self.at < self.rest.len() {
                self.keep();
            }
        }
    }

    /// `r"..."`, `r#"..."#`, or only a raw name such as `r#fn`.
    fn raw_string(&mut self, prefix: usize) {
        let hashes = self.rest[self.at + prefix..].iter().take_while(|c| **c == '#').count();
        let is_string = self.peek(prefix + hashes) == '"';
        for _ in 0..prefix + hashes {
            self.keep();
        }
        if is_string && hashes == 0 {
            self.raw_without_hashes();
        } else if is_string {
            self.string(hashes);
        }
    }

    fn raw_without_hashes(&mut self) {
        self.keep();
        let length = self.rest[self.at..].iter().take_while(|c| **c != '"').count();
        self.blank(length);
        if self.at < self.rest.len() {
            self.keep();
        }
    }

    /// A character literal is blanked; a lifetime or label is kept.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            let inside = self.rest[self.at + 3..].iter().take_while(|c| **c != '\'').count();
            self.blank(inside + 4);
        } else if self.peek(2) == '\'' {
            self.blank(3);
        } else {
            self.keep();
        }
    }
}

/// Resolves the escapes that sentences have: quotes, line ends, and lines that go on.
fn unescaped(written: &str) -> String {
    let mut text = String::new();
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some('n')) => {
                rest.next();
                text.push('\n');
            }
            ('\\', Some(_)) => text.extend(rest.next()),
            _ => text.push(c),
        }
    }
    text
}

#[test]
fn strings_are_found_where_they_stand() {
    let source = Source::read("a(\"x \\\"y\\\" \\\n   z\", 'c'); // \"no\"\nb(\"{n} more\");");
    let texts: Vec<&str> = source.literals.iter().map(|literal| literal.text.as_str()).collect();
    assert_eq!(texts, ["x \"y\" z", "{n} more"]);
    assert!(source.code[..source.literals[1].at].ends_with("b("));
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "fn a<'x>() { /* } /* } */ */ let b = \"}\\\"}\"; // }\n let c = '}'; let d = r#\"}\"}\"#; let e = '\\''; done }";
    let source = Source::read(text);
    assert_eq!(source.code.matches('}').count(), 1, "{}", source.code);
    assert!(source.code.contains("fn a<'x>()"));
    assert!(source.functions()[0].body.trim_end().ends_with("done"));
}

#[test]
fn functions_are_found_with_their_attributes() {
    let source = Source::read("impl A { fn one(); }\n#[test]\nfn two() { three(); }\nfn three(a: [u8; 2]) -> u8 { 3 }");
    let functions = source.functions();
    assert_eq!(functions.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["two", "three"]);
    assert_eq!(functions[0].before.trim(), "#[test]");
    assert_eq!(functions[1].before.trim(), "");
}
