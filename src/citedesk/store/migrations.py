"""Ordered migrations: each runs once, in a transaction, and is never edited after release."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlite_utils import Database

from citedesk.store.citations import Citations

Migration = Callable[[Database], None]


def m0001_documents(db: Database) -> None:
    """Documents, their kept versions, and the vectors of passage texts."""
    _execute(
        db,
        """
        create table documents (
            id text primary key, version text not null, title text not null, kind text not null,
            service text, layer text, owner text, labels text not null, reviewed_on text,
            review_every_days integer, supersedes text, source text not null, active integer not null default 1);
        create table versions (
            document_id text not null, version text not null, text text not null, labels text not null,
            stored_at text not null, primary key (document_id, version));
        create table vectors (
            encoder text not null, text_hash text not null, vector blob not null, primary key (encoder, text_hash));
        """,
    )


def m0002_tickets(db: Database) -> None:
    """Redacted tickets and the suggestions made for them."""
    _execute(
        db,
        """
        create table tickets (
            id text primary key, subject text not null, body text not null, fields text not null,
            received_at text not null, updated_at text not null);
        create table suggestions (
            id text primary key, ticket_id text not null, principal text not null, created_at text not null,
            idempotency_key text, request_hash text not null, response text not null);
        create unique index suggestions_by_key on suggestions (principal, idempotency_key)
            where idempotency_key is not null;
        """,
    )


def m0003_tags_dates_origins(db: Database) -> None:
    """What a document may be filtered by beside its kind, and the path it was added by."""
    _execute(
        db,
        """
        alter table documents add column tags text not null default '[]';
        alter table documents add column updated_on text;
        alter table documents add column origin text not null default '';
        """,
    )


def m0004_index_state(db: Database) -> None:
    """What an index needs to follow the database: a number for each document, and the count of changes.

    digest: SHA-256 of what an index depends on; the sum of those of the active documents is the state `content`.
    """
    _execute(
        db,
        """
        alter table documents add column key integer;
        alter table documents add column digest text not null default '';
        alter table documents add column revision integer not null default 1;
        update documents set key = rowid, digest = lower(hex(randomblob(32)));
        create unique index documents_by_key on documents (key);
        create index documents_by_revision on documents (revision);
        create table removals (key integer primary key, revision integer not null, scrubbed integer not null);
        create table passage_texts (
            key integer not null, text_hash text not null, primary key (key, text_hash)) without rowid;
        create index passage_texts_by_hash on passage_texts (text_hash);
        create index vectors_by_hash on vectors (text_hash);
        create table state (name text primary key, value text not null);
        insert into state values ('database', lower(hex(randomblob(16)))), ('revision', '1'), ('content', '0');
        insert into state select 'next_key', coalesce(max(key), 0) + 1 from documents;
        """,
    )
    digests = [row[0] for row in db.execute("select digest from documents where active = 1")]
    total = f"{sum(int(digest, 16) for digest in digests) % 2**256:x}"
    db.execute("update state set value = ? where name = 'content'", (total,))


def m0005_feedback(db: Database) -> None:
    """What people said of suggestions: the verdict, right labels, documents that helped."""
    _execute(
        db,
        """
        create table feedback (
            id integer primary key, suggestion_id text not null, principal text not null, created_at text not null,
            verdict text not null, labels text not null, helpful text not null);
        create index feedback_by_suggestion on feedback (suggestion_id);
        """,
    )


def m0006_models(db: Database) -> None:
    """What learning from feedback needs to know of it, and what a model in shadow said beside the active one."""
    _execute(
        db,
        """
        alter table feedback add column role text not null default '';
        alter table suggestions add column text_hash text not null default '';
        create table shadow_predictions (
            ticket_id text not null, active text not null, shadow text not null, created_at text not null,
            active_predictions text not null, shadow_predictions text not null,
            primary key (ticket_id, active, shadow));
        """,
    )


def m0007_reclassification(db: Database) -> None:
    """What plans did to the labels of tickets, row by row, and how far each plan is.

    was: the JSON of a replaced value that was no text.
    """
    _execute(
        db,
        """
        create table audit (
            id integer primary key, at text not null, actor text not null, plan text not null, action text not null,
            ticket_id text not null, head text not null, before text, after text, was text);
        create unique index audit_by_plan on audit (plan, action, ticket_id, head) where plan <> '';
        create index audit_by_ticket on audit (ticket_id, head, id);
        create table applications (
            plan text primary key, source text not null, state text not null, position integer not null default 0,
            applied integer not null default 0, conflicts integer not null default 0,
            restored integer not null default 0, kept integer not null default 0, updated_at text not null);
        """,
    )


def m0008_jobs(db: Database) -> None:
    """Jobs that run in the background, and what somebody wants of them: `run`, `pause` or `cancel`."""
    _execute(
        db,
        """
        create table jobs (
            id text primary key, state text not null, step text not null, wanted text not null, spec text not null,
            progress text not null, plan text not null, error text not null, actor text not null,
            attempts integer not null, idempotency_key text, request_hash text not null, created_at text not null,
            updated_at text not null);
        create unique index jobs_by_key on jobs (actor, idempotency_key) where idempotency_key is not null;
        """,
    )


def m0009_quarantine(db: Database) -> None:
    """How far documents are believed, those that wait for a person, and what persons decided of them.

    content: SHA-256 of all that was looked at, so that what was released is not held again.
    """
    _execute(
        db,
        """
        alter table documents add column trust text not null default 'normal';
        create table origins (origin text primary key, trust text not null);
        create table quarantine (
            id integer primary key, document_id text not null, content text not null, document text not null,
            places text not null, score real not null, at text not null, actor text not null);
        create unique index quarantine_by_content on quarantine (document_id, content);
        create table reviews (
            id integer primary key, at text not null, actor text not null, action text not null,
            document_id text not null, content text not null);
        create index reviews_by_content on reviews (content);
        """,
    )


def m0010_vault(db: Database) -> None:
    """What redaction took out of tickets, sealed with a key that is not here; it goes with its ticket."""
    _execute(
        db,
        """
        create table vault (
            ticket_id text not null, placeholder text not null, nonce blob not null, ciphertext blob not null,
            key_id text not null, stored_at text not null, primary key (ticket_id, placeholder)) without rowid;
        create index vault_by_age on vault (stored_at);
        create index vault_by_key on vault (key_id, ticket_id, placeholder);
        create index audit_by_reveal on audit (actor, at) where action = 'reveal';
        """,
    )
    db.conn.execute(
        "create trigger vault_with_ticket after delete on tickets begin delete from vault where ticket_id = old.id; end"
    )


def m0011_citations(db: Database) -> None:
    """Which spans of which document versions a suggestion cites, to find it when they change."""
    _execute(
        db,
        """
        create table citations (
            suggestion_id text not null, document_id text not null, version text not null, start integer not null,
            stop integer not null, primary key (suggestion_id, document_id, version, start, stop)) without rowid;
        create index citations_by_document on citations (document_id, version, start, stop);
        """,
    )
    citations = Citations(db.conn)
    for suggestion_id, response in db.conn.execute("select id, response from suggestions").fetchall():
        citations.put(suggestion_id, response)


MIGRATIONS: tuple[Migration, ...] = (
    m0001_documents,
    m0002_tickets,
    m0003_tags_dates_origins,
    m0004_index_state,
    m0005_feedback,
    m0006_models,
    m0007_reclassification,
    m0008_jobs,
    m0009_quarantine,
    m0010_vault,
    m0011_citations,
)


def migrate(db: Database) -> None:
    """Apply the migrations this database has not seen, in order: all of them or, if one fails, none."""
    if _unseen(db):
        with db.conn:
            db.conn.execute("begin immediate")
            db.conn.execute("create table if not exists migrations (name text primary key, applied_at text not null)")
            for migration in _unseen(db):  # asked again: another process may have been first
                migration(db)
                now = datetime.now(UTC).isoformat()
                db.conn.execute("insert into migrations values (?, ?)", (migration.__name__, now))


def _unseen(db: Database) -> list[Migration]:
    known = db.execute("select 1 from sqlite_master where name = 'migrations'").fetchone()
    applied = {name for (name,) in db.execute("select name from migrations")} if known else set()
    return [migration for migration in MIGRATIONS if migration.__name__ not in applied]


def _execute(db: Database, script: str) -> None:
    """Run statements one by one: `executescript` would commit the transaction they belong to."""
    for statement in script.split(";"):
        if statement.strip():
            db.conn.execute(statement)
