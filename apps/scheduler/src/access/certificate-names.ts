/**
 * The subject alternative names of a certificate, of the text that Node makes of them. A name with a comma or a quote is in
 * quotes there. Such a name is none that a configuration would have, and could be taken for several: then there are none.
 */
export function namesIn(subjectaltname: string | undefined): readonly string[] {
  return subjectaltname === undefined || subjectaltname.includes('"') ? [] : subjectaltname.split(', ');
}
