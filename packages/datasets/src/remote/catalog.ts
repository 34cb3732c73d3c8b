/** Public sets that are fetched when they are needed. */
export type RemoteName = 'tiny-shakespeare' | 'mnist' | 'jsb-chorales' | 'names' | 'ett';

/** A file of a remote set. */
export interface RemoteFile {
  /** What it is called in a cache or a folder. */
  readonly name: string;
  /** Where it is below the address of the set; its name unless given. */
  readonly path?: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly sha256: string;
}

/** A set of files at one address, with everything that is needed to be sure of them. */
export interface RemoteDataset {
  /** Also its folder in a cache. */
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** Under which terms its publishers give it away. */
  readonly terms: string;
  /** Ends with a slash; of a fixed version where there are several. */
  readonly base: string;
  readonly files: readonly RemoteFile[];
}

/** Every remote set by its name. */
export const remoteDatasets: Readonly<Record<RemoteName, RemoteDataset>> = {
  'tiny-shakespeare': {
    name: 'tiny-shakespeare',
    description: '1,115,394 characters of Shakespeare, 65 different ones (Karpathy 2015).',
    terms: 'public domain text',
    base: 'https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/',
    files: [{ name: 'tinyshakespeare.txt', path: 'input.txt', size: 1115394, sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed' }],
  },
  mnist: {
    name: 'mnist',
    description: '70,000 handwritten digits of 28 x 28 bytes, 10,000 of them for testing (LeCun, Cortes and Burges 1998).',
    terms: 'CC BY-SA 3.0',
    base: 'https://storage.googleapis.com/cvdf-datasets/mnist/',
    files: [
      { name: 'train-images-idx3-ubyte.gz', size: 9912422, sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609' },
      { name: 'train-labels-idx1-ubyte.gz', size: 28881, sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c' },
      { name: 't10k-images-idx3-ubyte.gz', size: 1648877, sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6' },
      { name: 't10k-labels-idx1-ubyte.gz', size: 4542, sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6' },
    ],
  },
  'jsb-chorales': {
    name: 'jsb-chorales',
    description: '382 chorales of Bach in steps of a quarter note (Boulanger-Lewandowski, Bengio and Vincent 2012).',
    terms: 'public',
    base: 'https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/',
    files: [{ name: 'jsb-chorales-quarter.json', size: 407200, sha256: '2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91' }],
  },
  names: {
    name: 'names',
    description: '20,050 family names in 18 languages, one file a language (Robertson, practical-pytorch, 2017).',
    terms: 'MIT',
    base: 'https://raw.githubusercontent.com/spro/practical-pytorch/c520c52e68e945d88fff563dba1c028b6ec0197b/data/names/',
    files: [
      { name: 'Arabic.txt', size: 13190, sha256: '6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc' },
      { name: 'Chinese.txt', size: 1246, sha256: '09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465' },
      { name: 'Czech.txt', size: 3916, sha256: 'e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7' },
      { name: 'Dutch.txt', size: 2351, sha256: '924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3' },
      { name: 'English.txt', size: 27125, sha256: '9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2' },
      { name: 'French.txt', size: 2178, sha256: '81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95' },
      { name: 'German.txt', size: 5610, sha256: '7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db' },
      { name: 'Greek.txt', size: 1981, sha256: '3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6' },
      { name: 'Irish.txt', size: 1858, sha256: 'cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058' },
      { name: 'Italian.txt', size: 5657, sha256: 'f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4' },
      { name: 'Japanese.txt', size: 7622, sha256: 'e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f' },
      { name: 'Korean.txt', size: 423, sha256: 'cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136' },
      { name: 'Polish.txt', size: 1165, sha256: '45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826' },
      { name: 'Portuguese.txt', size: 554, sha256: '50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53' },
      { name: 'Russian.txt', size: 85168, sha256: '0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c' },
      { name: 'Scottish.txt', size: 752, sha256: '78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd' },
      { name: 'Spanish.txt', size: 2284, sha256: '1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7' },
      { name: 'Vietnamese.txt', size: 339, sha256: 'f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d' },
    ],
  },
  ett: {
    name: 'ett',
    description: 'Oil temperature and six loads of an electricity transformer, hourly, July 2016 to June 2018 (Zhou et al. 2021, arXiv 2012.07436).',
    terms: 'CC BY-ND 4.0',
    base: 'https://raw.githubusercontent.com/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/',
    files: [{ name: 'ETTh1.csv', size: 2589657, sha256: 'f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066' }],
  },
};

/** Where a file of a set is. */
export function fileUrl(dataset: RemoteDataset, file: RemoteFile): string {
  return dataset.base + (file.path ?? file.name);
}
