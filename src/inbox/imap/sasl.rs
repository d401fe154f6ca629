//! What proves a login to an IMAP server, in the words of each mechanism (SASL, RFC 4422).

use secrecy::{ExposeSecret as _, SecretString};

/// What is said in a login, and what once the server has told in a challenge why it refuses a token, before it does so.
pub(super) struct SaslResponse(Option<SecretString>, &'static [u8]);

impl SaslResponse {
    /// RFC 4616 section 2.
    pub(super) fn plain(user: &str, password: &SecretString) -> Self {
        Self(Some(SecretString::from(format!("\0{user}\0{}", password.expose_secret()))), b"")
    }

    /// The form that Google and Microsoft made up: <https://developers.google.com/workspace/gmail/imap/xoauth2-protocol>.
    pub(super) fn xoauth2(user: &str, token: &SecretString) -> Self {
        let said = format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret());
        Self(Some(SecretString::from(said)), b"")
    }

    /// RFC 7628 sections 3.1 and 3.2.3; what stands for a comma or an equals sign in the name, RFC 5801 section 4.
    pub(super) fn bearer(user: &str, token: &SecretString) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let said = format!("n,a={user},\x01auth=Bearer {}\x01\x01", token.expose_secret());
        Self(Some(SecretString::from(said)), b"\x01")
    }
}

impl async_imap::Authenticator for &mut SaslResponse {
    type Response = Vec<u8>;
    fn process(&mut self, _challenge: &[u8]) -> Vec<u8> {
        self.0.take().map_or_else(|| self.1.to_vec(), |said| said.expose_secret().as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use async_imap::Authenticator as _;

    use super::*;

    #[test]
    fn each_mechanism_has_its_words_and_a_refusal_is_let_come() {
        let secret = SecretString::from("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let said = |mut response: SaslResponse| {
            let mut response = &mut response;
            let texts = [b"".as_slice(), b"{\"status\":\"401\"}"].map(|challenge| response.process(challenge));
            texts.map(|text| String::from_utf8(text).unwrap())
        };
        let bearer = "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        assert_eq!(
            said(SaslResponse::xoauth2("me@a.test", &secret)),
            [format!("user=me@a.test\x01{bearer}"), String::new()]
        );
        assert_eq!(
            said(SaslResponse::bearer("me@a.test", &secret)),
            [format!("n,a=me@a.test,\x01{bearer}"), "\x01".to_owned()]
        );
        assert_eq!(said(SaslResponse::bearer("a=b,c", &secret))[0], format!("n,a=a=3Db=2Cc,\x01{bearer}"));
        assert_eq!(said(SaslResponse::plain("me", &SecretString::from("pw"))), ["\0me\0pw", ""]);
    }
}
