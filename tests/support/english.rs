//! Finds what is left in English where all should be Japanese.

use mailorder::trade::Code;

/// Words of the demonstration's letters, goods and reasons, which are its parties' own.
const OTHERS: [&str; 9] = [
    "Iron kettle",
    "Parcel delivery",
    "Return within 14 days of arrival, unused; shop@demo.test",
    "Collected, Tokyo",
    "too small",
    "ordered twice",
    "warehouse",
    "parcels",
    "Please deliver in the evening",
];

/// Names of programs, and codes of mail set aside, that are the same in every language.
const NAMES: [&str; 6] = ["mailorder", "cron", "hledger", "crypto-rust", "unknown-signer", "bad-signature"];

/// Returns the lines that have an English word of ours: what is in backquotes, commands to the end of their words, codes
/// of findings and what others wrote are none.
pub fn english(text: &str) -> Vec<String> {
    let is_word = |token: &str| token.len() > 1 && token.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let code = |token: &str| Code::parse(token).is_some() || NAMES.contains(&token);
    let left = |line: &str| -> String {
        let line = OTHERS.iter().fold(line.to_owned(), |line, other| line.replace(other, ""));
        // A command goes on to where Japanese, or a mark, begins.
        let plain = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        let mut parts = plain.split("mailorder ");
        let mut rest = parts.next().unwrap().to_owned();
        for command in parts {
            let end = command.find(|c: char| !c.is_ascii()).unwrap_or(command.len());
            rest.push_str(&command[end..]);
        }
        rest
    };
    // Options, addresses, files, digests that are cut short and words of a query with their value are no words.
    let is_digest = |token: &str| token.contains('…') && token.chars().all(|c| c.is_ascii_hexdigit() || c == '…');
    let is_name = |token: &str| {
        is_digest(token)
            || token.starts_with("--")
            || token.contains(['@', '/'])
            || token.trim_end_matches(':').contains(':')
    };
    let is_english = |line: &str| {
        let left = left(line);
        let tokens =
            left.split(|c: char| c.is_whitespace() || "、。（）「」".contains(c)).filter(|token| !is_name(token));
        let parts = tokens.flat_map(|token| token.split(|c: char| !c.is_ascii()));
        let mut parts = parts.map(|part| part.trim_matches(|c: char| c.is_ascii_punctuation()));
        parts.any(|part| is_word(part) && !code(part))
    };
    text.lines().filter(|line| is_english(line)).map(str::to_owned).collect()
}

/// Words that are written into configurations, files and commands, the same in every language.
const WRITTEN: [&str; 79] = [
    "address",
    "amount",
    "any",
    "ask",
    "authorize",
    "buyer",
    "called",
    "cancellations",
    "cancelled",
    "card",
    "catalog",
    "conditions",
    "confirmation",
    "correct",
    "country",
    "csv",
    "currency",
    "date",
    "declined",
    "delivered",
    "delivery",
    "en",
    "event",
    "failed",
    "false",
    "file",
    "fingerprint",
    "hledger",
    "ics",
    "increment",
    "ja",
    "jsonl",
    "leave",
    "lines",
    "link",
    "locality",
    "lost",
    "mailorder",
    "matching",
    "move",
    "name",
    "next",
    "now",
    "offer",
    "on",
    "open",
    "order",
    "orders",
    "paid",
    "parcel",
    "payment",
    "pinned",
    "plain",
    "planned",
    "previous",
    "price",
    "refunded",
    "refuse",
    "refused",
    "region",
    "remove",
    "report",
    "returns",
    "sha",
    "shipped",
    "shop",
    "size",
    "sku",
    "status",
    "stock",
    "street",
    "systemd",
    "terms",
    "tls",
    "tracking",
    "true",
    "txn",
    "unshipped",
    "zone",
];

/// Returns the English words of ours in a line that should be Japanese: of what stands behind its first Japanese sign those
/// that are not quoted, no command, no path, and no word that is written so in every language. A line without a Japanese sign is
/// English as a whole.
pub fn english_words(line: &str) -> Vec<String> {
    let Some(begin) = line.find(|c: char| !c.is_ascii()) else {
        return if line.trim().is_empty() { Vec::new() } else { vec![line.to_owned()] };
    };
    let mut prose: String = line[begin..]
        .split("mailorder ")
        .enumerate()
        .map(|(place, part)| {
            // A command goes on to where Japanese, or a mark, begins.
            let end = if place == 0 { 0 } else { part.find(|c: char| !c.is_ascii()).unwrap_or(part.len()) };
            &part[end..]
        })
        .collect();
    // What the system calls its errors.
    prose = prose.replace("os error", "");
    for (open, close) in [('`', '`'), ('"', '"'), ('\'', '\''), ('<', '>'), ('[', ']'), ('{', '}')] {
        while let Some(from) = prose.find(open) {
            let Some(length) = prose[from + 1..].find(close) else { break };
            prose.replace_range(from..from + length + 2, " ");
        }
    }
    let is_sign = |c: char| c.is_whitespace() || !c.is_ascii() || ",;()".contains(c);
    let is_word = |token: &&str| {
        let token = token.trim_end_matches([':', '.']);
        token.len() > 1 && token.chars().all(|c| c.is_ascii_lowercase()) && !WRITTEN.contains(&token)
    };
    prose.split(is_sign).filter(is_word).map(str::to_owned).collect()
}
