import { type Access, ANONYMOUS } from '#access';

/** No authentication: every call is made by `ANONYMOUS`. */
export const OFF: Access = { isOn: false, signIn: () => ANONYMOUS };
