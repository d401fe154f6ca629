-- The index of a ledger: a cache. Every row can be reckoned from the ledger again, but for those made
-- IF NOT EXISTS, whose loss costs a second look at the mailbox, a letter sent once more or a warning. `VERSION` in mod.rs changes with this file.

-- The ledger it is of, and the mark up to which it was read (JSON of ledger::Mark).
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row for each entry. `verdict` is the one on arrival, `standing` the one that holds now.
CREATE TABLE entries (
  position  INTEGER PRIMARY KEY,
  digest    BLOB NOT NULL,
  size      INTEGER NOT NULL,
  name      TEXT NOT NULL,
  kind      TEXT NOT NULL,
  direction TEXT NOT NULL,
  role      TEXT,
  shop      TEXT,
  number    TEXT,
  order_id  TEXT,
  peer      TEXT,
  signer    TEXT,
  letter    TEXT,
  content   BLOB,
  verdict   TEXT,
  standing  TEXT,
  amount    TEXT,
  recorded  TEXT NOT NULL,
  -- The same in milliseconds, to compare by: as texts moments of two offsets are in the wrong order.
  recorded_at INTEGER NOT NULL
);
CREATE INDEX entries_content ON entries (content) WHERE content IS NOT NULL;
CREATE INDEX entries_out ON entries (letter) WHERE direction = 'out';
CREATE INDEX entries_confirmed ON entries (signer) WHERE kind = 'confirmation';
CREATE INDEX entries_authorised ON entries (shop, order_id) WHERE kind = 'authorization-result';
CREATE INDEX entries_rejected ON entries (recorded_at) WHERE kind = 'order-rejection';
CREATE INDEX entries_refused ON entries (recorded_at) WHERE kind IN ('refusal', 'return-answer');
CREATE INDEX entries_catalogs ON entries (recorded_at) WHERE kind = 'catalog';
CREATE INDEX entries_catalog ON entries (peer, recorded_at) WHERE kind = 'catalog';
CREATE INDEX entries_asked ON entries (peer, recorded_at) WHERE kind = 'catalog-request';
CREATE INDEX entries_status_asked ON entries (role, shop, number) WHERE kind = 'status-request' AND direction = 'out';
CREATE INDEX entries_requests ON entries (shop, number) WHERE kind = 'status-request';
-- Entries about a transaction that are not among its letters.
CREATE INDEX entries_beside ON entries (shop, number) WHERE (direction = 'own' OR role IS NULL);
CREATE INDEX entries_beside_order ON entries (shop, order_id) WHERE (direction = 'own' OR role IS NULL);
CREATE INDEX entries_held ON entries (shop, number) WHERE standing = 'held';

-- One row for each transaction: what lists show and filter by. What nobody has begun (there are only letters that wait)
-- is in no list. Dates are kept as they were stated; `_at` columns hold
-- the same as seconds, days taken to end in UTC.
CREATE TABLE transactions (
  id              INTEGER PRIMARY KEY,
  role            TEXT NOT NULL,
  shop            TEXT NOT NULL,
  order_id        TEXT NOT NULL,
  number          TEXT,
  shop_name       TEXT NOT NULL,
  buyer           TEXT NOT NULL,
  date            TEXT,
  date_at         INTEGER NOT NULL,
  items           TEXT NOT NULL,
  currency        TEXT,
  total           TEXT,
  order_done      INTEGER NOT NULL,
  order_date      TEXT,
  delivery_done   INTEGER NOT NULL,
  delivery_date   TEXT,
  payment_done    INTEGER NOT NULL,
  payment_date    TEXT,
  state           TEXT NOT NULL,
  open            INTEGER NOT NULL,
  due             TEXT,
  due_at          INTEGER,
  unpaid_currency TEXT,
  unpaid          TEXT,
  undelivered     INTEGER NOT NULL,
  warnings        INTEGER NOT NULL,
  -- The legs that failed, words with a space between; `received` where something else came than was delivered.
  failed          TEXT NOT NULL,
  begun           INTEGER NOT NULL,
  -- Whether something waits for the shop's owner.
  waits           INTEGER NOT NULL,
  -- What is still to go back of what was paid.
  refund_currency TEXT,
  refund          TEXT,
  -- Since when one party has written more statuses about it than anybody needs, in seconds.
  crowded_at      INTEGER,
  -- What the buyer asked of the shop and has no answer to: `cancellation`, `return`.
  pending         TEXT,
  -- Whether a letter that its part always answers has no answer of ours.
  unanswered      INTEGER NOT NULL,
  -- What went back of what was paid.
  back_currency   TEXT,
  back            TEXT,
  -- Since when an agent that was told to stop has not answered, in seconds.
  stopping_at     INTEGER,
  -- How much is done of legs that are done in part, and when what was done went back: JSON, of each leg in the order of lists;
  -- empty where there is neither.
  parts           TEXT NOT NULL,
  -- Until when an OK to what was offered counts, where nothing is agreed on yet; the same in seconds.
  until           TEXT,
  until_at        INTEGER
);
CREATE UNIQUE INDEX transactions_key ON transactions (role, shop, order_id);
CREATE INDEX transactions_number ON transactions (role, shop, number) WHERE number IS NOT NULL;
CREATE INDEX transactions_number_prefix ON transactions (number COLLATE NOCASE) WHERE number IS NOT NULL;
CREATE INDEX transactions_order_prefix ON transactions (order_id COLLATE NOCASE);
CREATE INDEX transactions_newest ON transactions (role, date_at DESC, id DESC) WHERE begun;
CREATE INDEX transactions_date ON transactions (date_at DESC, id DESC) WHERE begun;
CREATE INDEX transactions_open ON transactions (date_at DESC, id DESC) WHERE begun AND open;
CREATE INDEX transactions_due ON transactions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX transactions_unpaid ON transactions (role, unpaid_currency) WHERE unpaid IS NOT NULL;
CREATE INDEX transactions_failed ON transactions (role) WHERE failed <> '';
CREATE INDEX transactions_warned ON transactions (role) WHERE warnings > 0;
CREATE INDEX transactions_waits ON transactions (date_at) WHERE waits;
CREATE INDEX transactions_unanswered ON transactions (role, date_at) WHERE unanswered;
CREATE INDEX transactions_refund ON transactions (role) WHERE refund IS NOT NULL;
CREATE INDEX transactions_crowded ON transactions (crowded_at) WHERE crowded_at IS NOT NULL;
CREATE INDEX transactions_stopping ON transactions (stopping_at) WHERE stopping_at IS NOT NULL;
CREATE INDEX transactions_state ON transactions (state, role, date_at) WHERE state IN ('ordered', 'offered');
CREATE INDEX transactions_unnamed ON transactions (shop) WHERE shop_name = '' AND role = 'buyer' AND begun;
CREATE INDEX transactions_undelivered ON transactions (role) WHERE undelivered;

-- How many transactions of each part are listed (`begun`): to count nearly all of them takes longer the more there are.
CREATE TABLE tally (role TEXT PRIMARY KEY, listed INTEGER NOT NULL) WITHOUT ROWID;

-- The shops of each part's transactions, by all that they call themselves.
CREATE TABLE shops (
  role TEXT NOT NULL,
  shop TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (role, shop, name)
) WITHOUT ROWID;

-- How what a buyer owes for an order changed, in the order in which it is booked: `bought`, `paid`, `dropped` (it is not to be
-- paid any more), `raised` (billed above the agreement, and accepted). `at` in seconds, the amount with its sign.
CREATE TABLE owing (
  id       INTEGER NOT NULL,
  place    INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  what     TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount   TEXT NOT NULL,
  PRIMARY KEY (id, place)
) WITHOUT ROWID;
CREATE INDEX owing_at ON owing (at);

-- What a buyer ordered on a day and how what he owes changed, which begins and ends at these seconds in some time zone: reckoned when charts ask for
-- it, gone when an order of that day changes.
CREATE TABLE days (
  day    TEXT NOT NULL,
  begins INTEGER NOT NULL,
  ends   INTEGER NOT NULL,
  sums   TEXT NOT NULL,
  PRIMARY KEY (day, begins)
) WITHOUT ROWID;
CREATE INDEX days_begins ON days (begins);

-- The whole of each transaction, apart from the rows that lists run over: how it stands (JSON of state::State), and its
-- letters (JSON of trade::Letter) by the position of their entries, each written once.
CREATE TABLE states (id INTEGER PRIMARY KEY, state BLOB NOT NULL);
CREATE TABLE letters (position INTEGER PRIMARY KEY, letter BLOB NOT NULL);

-- Which key speaks for an address; the one with the highest position holds. The certificate stands last: it fills pages of
-- its own, which are not read where nobody asks for it.
CREATE TABLE pins (
  address     TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  by          TEXT NOT NULL,
  position    INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  PRIMARY KEY (address, fingerprint)
) WITHOUT ROWID;
CREATE INDEX pins_fingerprint ON pins (fingerprint);
CREATE INDEX pins_vouched ON pins (address) WHERE by <> 'first-use';

-- The certificate of each primary key, joined of all copies in pins and in letters, and the keys in it.
CREATE TABLE certificates (
  id          INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  certificate TEXT NOT NULL,
  -- Since when its primary key is revoked as compromised.
  compromised TEXT
);
CREATE INDEX certificates_compromised ON certificates (id) WHERE compromised IS NOT NULL;
CREATE TABLE handles (
  handle      TEXT NOT NULL,
  certificate INTEGER NOT NULL,
  PRIMARY KEY (handle, certificate)
) WITHOUT ROWID;

-- The copies that were joined, and the day of those that a merge brought.
CREATE TABLE copies (
  digest      BLOB PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  merged      TEXT
) WITHOUT ROWID;
CREATE INDEX copies_merged ON copies (fingerprint, merged) WHERE merged IS NOT NULL;

-- The letters by which terms were offered in the place of others, with the content of those.
CREATE TABLE replacing (
  position INTEGER PRIMARY KEY,
  content  BLOB NOT NULL
);
CREATE INDEX replacing_content ON replacing (content);

-- What a letter was warned about, as it stands now.
CREATE TABLE warnings (
  position  INTEGER NOT NULL,
  ordinal   INTEGER NOT NULL,
  content   BLOB NOT NULL,
  code      TEXT NOT NULL,
  text      TEXT NOT NULL,
  settled   TEXT,
  reason    TEXT,
  -- The entry that settled it.
  settling  INTEGER,
  PRIMARY KEY (position, ordinal)
) WITHOUT ROWID;
CREATE INDEX warnings_content ON warnings (content);
CREATE INDEX warnings_same ON warnings (code, text, position);
CREATE INDEX warnings_blocked ON warnings (position) WHERE settled = 'block';
CREATE INDEX warnings_open ON warnings (position) WHERE settled IS NULL;

-- What was settled of the warnings that are computed and not entered.
CREATE TABLE settlements (
  subject  TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  settled  TEXT NOT NULL,
  reason   TEXT
) WITHOUT ROWID;

-- Which key each shop named for an address in terms that count, and where it did so last.
CREATE TABLE named (
  address     TEXT NOT NULL,
  shop        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  position    INTEGER NOT NULL,
  PRIMARY KEY (address, shop, fingerprint)
) WITHOUT ROWID;

-- Which entries were erased, and the redactions that say so.
CREATE TABLE redactions (position INTEGER PRIMARY KEY, by INTEGER NOT NULL);

-- Letters out that their recipient has neither answered nor receipted.
CREATE TABLE unheard (
  position  INTEGER PRIMARY KEY,
  content   BLOB NOT NULL,
  recipient TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
);
CREATE INDEX unheard_content ON unheard (content);
CREATE INDEX unheard_recorded ON unheard (recorded_at);

-- Letters out that limits count: answers to status requests, and refusals.
CREATE TABLE answered (
  position  INTEGER PRIMARY KEY,
  recipient TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
);
CREATE INDEX answered_recipient ON answered (recipient, recorded_at);

-- The highest number of a letter out that its recipient has acknowledged and this ledger does not know: a backup was
-- restored.
CREATE TABLE claimed (
  recipient TEXT NOT NULL,
  shop      TEXT NOT NULL,
  number    TEXT NOT NULL,
  seq       INTEGER NOT NULL,
  PRIMARY KEY (recipient, shop, number)
) WITHOUT ROWID;

-- Work given to a hook that has not said what came of it.
CREATE TABLE tasks (
  key      TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  role     TEXT NOT NULL,
  names    TEXT NOT NULL,
  task     TEXT NOT NULL,
  since    TEXT NOT NULL
) WITHOUT ROWID;

-- How often a hook was tried in vain, when it is tried next (seconds), and why it did nothing; what is lost here is a try.
CREATE TABLE IF NOT EXISTS attempts (
  key   TEXT PRIMARY KEY,
  times INTEGER NOT NULL,
  next  INTEGER NOT NULL,
  fault TEXT NOT NULL
) WITHOUT ROWID;

-- The rows of exports that had us write letters, by what they say and their id (empty where they have none); the position
-- is that of the first letter.
CREATE TABLE events (
  role     TEXT NOT NULL,
  content  BLOB NOT NULL,
  id       TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (role, content, id)
) WITHOUT ROWID;
CREATE INDEX events_id ON events (role, id) WHERE id <> '';

-- The buyer's schedules as they are now, by name; the position is that of the entry that made them so.
CREATE TABLE schedules (
  name     TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  since    TEXT NOT NULL,
  schedule TEXT NOT NULL
) WITHOUT ROWID;

-- Letters that a schedule (its name, and the moment that had come) or a rule (its query, and the order it is about) had us
-- write, to whom and about which transaction, and whether a status of theirs came since.
CREATE TABLE caused (
  position INTEGER PRIMARY KEY,
  by       TEXT NOT NULL,
  name     TEXT NOT NULL,
  about    TEXT NOT NULL,
  peer     TEXT NOT NULL,
  shop     TEXT,
  number   TEXT,
  heard    INTEGER NOT NULL
);
CREATE INDEX caused_unheard ON caused (peer, number) WHERE NOT heard;
CREATE INDEX caused_by ON caused (by, name, position);
CREATE INDEX caused_about ON caused (about, by);

-- How often a letter was sent again, in all and on its last day; what is lost here costs a repeat too many.
CREATE TABLE IF NOT EXISTS sendings (
  position INTEGER PRIMARY KEY,
  times    INTEGER NOT NULL,
  day      TEXT NOT NULL,
  today    INTEGER NOT NULL
);

-- Letters out that a delivery report says were not delivered, since when; what is lost here is a warning.
CREATE TABLE IF NOT EXISTS doubts (position INTEGER PRIMARY KEY, since TEXT NOT NULL);

-- Letters out that are not sealed yet, because the key of their reader cannot be used; what is lost here goes out again
-- as a letter that nobody acknowledged.
CREATE TABLE IF NOT EXISTS unsealed (
  position  INTEGER PRIMARY KEY,
  recipient TEXT NOT NULL,
  reason    TEXT NOT NULL
);

-- Where spooled mails lie in their mailbox, until the mailbox is told what became of them.
CREATE TABLE IF NOT EXISTS origins (
  name   TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  ours   INTEGER NOT NULL
) WITHOUT ROWID;

-- Where each mailbox was read to.
CREATE TABLE IF NOT EXISTS cursors (inbox TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID;

-- Parts of names of items and parties; rowid is the transaction's.
CREATE VIRTUAL TABLE search USING fts5 (names, tokenize = 'trigram');
