/** The tolerance of an HPA where nothing else is set. */
const TOLERANCE = 0.1;

/** What a HorizontalPodAutoscaler makes of a number that is the replicas it should have: the target is 1 for each of them. */
export function hpaReplicas(value: number, replicas: number, tolerance = TOLERANCE): number {
  const ratio = value / replicas;
  return Math.abs(1 - ratio) > tolerance ? Math.ceil(value) : replicas;
}
