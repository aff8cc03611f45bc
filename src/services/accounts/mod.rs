//! Who may use the panel: users and their passwords, sessions, API tokens, the claim of a new server, failed sign-ins.

mod claim;
mod guard;
mod hashing;
mod rules;
mod sessions;
mod tokens;
mod users;

pub use claim::{ClaimLink, check_claim, claimed, new_claim_token, use_claim};
pub use guard::{Attempt, clear_account, locked_until};
pub use hashing::{Verdict, hash, verify};
pub use rules::check_password;
pub use sessions::{
    Begun, SessionRow, SessionView, begin_session, csrf_matches, csrf_token, list_sessions, revoke_session,
    session_actor, view_session,
};
pub use tokens::{TokenCreate, TokenMade, TokenRow, create_token, list_tokens, revoke_token, token_actor};
pub use users::{
    SignedIn, UserCreate, UserUpdate, UserView, check_sign_in, create_user, delete_user, list_users, ready_update,
    sign_in, update_user, user_named,
};
