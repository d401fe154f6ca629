//! Delivery reports (RFC 3464): which mails one says were not delivered. Anybody can write one, so nothing is believed of
//! it but that it is worth a look.

/// The most Message-IDs looked at in one report: an honest one quotes one mail.
const IDS_MAX: usize = 8;

/// Returns the Message-IDs that a report quotes below its header, where it says that something failed or is delayed.
///
/// The report is not parsed: its parts are plain lines, and a wrong guess costs nothing.
pub fn undelivered(report: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(report);
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
    // The report's own Message-ID is nobody's here.
    let own = lines.by_ref().take_while(|line| !line.is_empty()).count();
    if own == 0 {
        return Vec::new();
    }
    let (mut failed, mut ids, mut folded) = (false, Vec::new(), false);
    for line in lines {
        let (name, value) = line.split_once(':').map_or(("", ""), |(name, value)| (name.trim(), value.trim()));
        let action = name.eq_ignore_ascii_case("action").then(|| value.to_ascii_lowercase());
        failed |= action.is_some_and(|action| matches!(action.as_str(), "failed" | "delayed"));
        let continued = folded && line.starts_with([' ', '\t']);
        let id = if continued { line.trim() } else { value };
        folded = name.eq_ignore_ascii_case("message-id") && value.is_empty();
        if (continued || name.eq_ignore_ascii_case("message-id")) && ids.len() < IDS_MAX {
            ids.extend(id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).map(str::to_owned));
        }
    }
    if failed { ids } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: &str, quoted: &str) -> Vec<u8> {
        format!(
            "Message-ID: <own@mx.example>\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n boundary=b\r\n\
             \r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.c\r\n\
             Action: {action}\r\nStatus: 5.1.1\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.z\r\n{quoted}\r\n\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_report_names_the_mails_it_is_about_and_not_itself() {
        for quoted in ["Message-ID: <1@a.example>", "message-id:<1@a.example>", "Message-Id:\r\n <1@a.example>"] {
            assert_eq!(undelivered(&report("failed", quoted)), ["1@a.example"], "{quoted}");
        }
        assert_eq!(undelivered(&report("Delayed", "Message-ID: <1@a.example>")), ["1@a.example"]);
        for (action, quoted) in
            [("delivered", "Message-ID: <1@a.example>"), ("failed", "Message-ID: 1"), ("failed", "")]
        {
            assert!(undelivered(&report(action, quoted)).is_empty(), "{action} {quoted}");
        }
        assert!(undelivered(b"").is_empty());
        let many = "Message-ID: <1@a.example>\r\n".repeat(100);
        assert_eq!(undelivered(&report("failed", &many)).len(), IDS_MAX);
    }
}
