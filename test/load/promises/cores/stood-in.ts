/** The files of the core that others stand in for, as types: a file that stands in offers the same. */
export type * as precedence from '../../../../libs/core/src/loading/precedence.js';
export type * as worth from '../../../../libs/core/src/loading/worth-more.js';
export type * as admission from '../../../../libs/core/src/answers/admission.js';
export type * as lost from '../../../../libs/core/src/answers/lost.js';
export type * as ledger from '../../../../libs/core/src/memory/ledger.js';
export type * as closing from '../../../../libs/core/src/learned/closing.js';
