//! Who may use the panel: users and their passwords, sessions, API tokens, the claim of a new server, failed sign-ins.

mod claim;
mod guard;
mod hashing;
mod preferences;
mod rules;
mod sessions;
mod tokens;
mod users;

pub use claim::{ClaimLink, check_claim, claimed, new_claim_token, use_claim};
pub use preferences::{Calendar, Digits, Preferences, PreferencesPatch, change_preferences};
pub use sessions::{
    Begun, SessionRow, SessionView, begin_session, csrf_matches, csrf_token, end_others, known_session_actor,
    list_sessions, member_actor, own_session, revoke_session, session_actor, sweep, view_session,
};
pub use tokens::{
    TokenCreate, TokenMade, TokenRow, create_token, known_token_actor, list_tokens, revoke_token, token_actor,
};
pub use users::{
    SignedIn, UserCreate, UserUpdate, UserView, change_password, check_sign_in, create_user, delete_user,
    forget_failures, let_in, list_users, ready_password, ready_update, ready_user, sign_in, unlock_user, update_user,
    user_view,
};
