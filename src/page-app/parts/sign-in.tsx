import { keepToken } from '../api/client.ts';
import { start } from '../api/store.ts';
import { t } from '../texts/language.ts';

/** Asks for the token with which the page in the cluster reads. */
export function SignIn() {
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget).get('token');
        if (typeof given !== 'string' || given.trim() === '') return;
        keepToken(given);
        void start();
      }}
    >
      <h1>{t('token.title')}</h1>
      <p>{t('token.why')}</p>
      <label>
        {t('token.label')}
        <input name="token" type="password" autocomplete="off" spellcheck={false} required />
      </label>
      <button type="submit" class="primary">
        {t('token.send')}
      </button>
    </form>
  );
}
