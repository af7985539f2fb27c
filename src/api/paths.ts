/** The path that the webhook entry for optional injection calls. */
export const MUTATE_PATH = '/mutate';

/** The path that the entries for required pods call: injection is required for every pod in a review there. */
export const REQUIRED_PATH = '/mutate/required';
