// What requests that change something carry, where somebody is signed in with a session.

export function token() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta ? { "X-CSRF-Token": meta.content } : {};
}
