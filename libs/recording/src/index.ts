export { type About, type Ending, FORMAT, type Header } from './format.js';
export { openRecording, Recording } from './recording.js';
export { RecordingError } from './recording-error.js';
export { RunRecorder } from './run-recorder.js';
export { type TurnFile, type TurnFiles, TurnFolder } from './turn-files.js';
export { TurnRecorder } from './turn-recorder.js';
