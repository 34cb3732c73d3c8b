import type { Grammar } from './expand.ts';

/** What the harbour is made of: the kinds of sections, weather, people, boats, places, things and what happens to them. */
export const world: Grammar = {
  // Sections.
  log: `
    {day}, the {ordinal} of the {moon} Moon. {wind} {sky} {event} {event} {close} | {day}, the {ordinal} of the {moon} Moon. {wind} {event} {sky} {event} {event} |
    {day}, the {ordinal} of the {moon} Moon. {wind} {sky} {event} {event} {event} {close} | Log of the light at {head}, the {ordinal} of the {moon} Moon. {wind} {sky} {event} {lamp} {close} |
    Log of the light at {head}, the {ordinal} of the {moon} Moon. {lamp} {wind} {event} {event} {close} | Log of the {boat}, the {ordinal} day out. {wind} {aboard} {aboard} {sky} {aboard} |
    Log of the {boat}, the {ordinal} day out. {sky} {aboard} {wind} {aboard} {close}`,
  talk: `
    {a:name}: {greeting}\\n{b:elder}: {reply}\\n{exchange}\\n{exchange}\\n{a}: {parting} | {a:name}: {greeting}\\n{b:name}: {reply}\\n{exchange}\\n{exchange}\\n{exchange} |
    {a:elder}: {opening}\\n{b:name}: {yes}\\n{exchange}\\n{b}: {parting} | {a:name}: {opening}\\n{b:elder}: {yes}\\n{exchange}\\n{exchange}\\n{a}: {parting}\\n{b}: {last} |
    {b:name}: {opening}\\n{a:name}: {doubt}\\n{exchange}\\n{exchange}\\n{b}: {last}`,
  sayings: `
    Sayings of {place}\\n{saying}\\n{saying}\\n{saying}\\n{saying} | As they say on {island}\\n{saying}\\n{saying}\\n{saying} |
    From the almanac, for the {moon} Moon\\n{saying}\\n{saying}\\n{saying}\\n{saying}`,
  ledger: `
    Landed at {quay} from the {boat}:\\n{many} {goods},\\n{many} {goods},\\n{many} {goods},\\nand {object}, {owner}. |
    Bought of {person} for the {boat}:\\n{many} {goods},\\n{object},\\n{many} {goods}.\\nTo be paid {due}. |
    Lost from the {boat} in the storm:\\n{object}, {object},\\n{many} {goods},\\nand {object}, {owner}. |
    Stores for {many} days:\\n{many} {goods},\\n{many} {goods},\\n{many} {goods},\\n{object}.\\nChecked by {person}.`,
  letter: 'Dear {kin},\\n{news} {news} {news} {asking} {wish}\\n{signed}|Dear {kin},\\n{opener} {news} {news} {wish}\\n{signed}|Dear {kin},\\n{opener} {news} {asking} {news} {wish}\\n{signed}',
  notice: `
    Lost between {spot} and {spot2:spot}: {object}, {mark}. Whoever finds it may bring it to {person} and have {price} for it. |
    Found {at}: {object}, {mark}. The owner may fetch it from {person} for {price}. | For sale: {object}, {mark}. Ask for {person} {at}. The price is {price}, or {price2:price} to a friend. |
    Wanted for the {boat}: {hands} hands who can {skill} and {skill2:skill}. Bring {object}. She sails {due}. | Take notice that {spot} is closed {when}, because {reason}. Signed, the harbour master.`,
  verse: `
    {inSea}\\n{inSea}\\n{inNight}\\n{inNight} | {inDay}\\n{inDay}\\n{inShore}\\n{inShore} | {inNight}\\n{inDay}\\n{inNight}\\n{inDay} | {inSea}\\n{inShore}\\n{inSea}\\n{inShore} |
    {inTide}\\n{inTide}\\n{inSea}\\n{inSea} | {inTide}\\n{inNight}\\n{inTide}\\n{inNight} | {inShore}\\n{inShore}\\n{inTide}\\n{inTide} | {inDay}\\n{inSea}\\n{inDay}\\n{inSea}`,
  fable: `
    A {x:animal} met a {y:animal} {at}. {boast} said the {x}. {retort} said the {y}, and {went}. {moral} |
    A {x:animal} and a {y:animal} shared {spot} and quarrelled about {object}. {claimed} said the {x}. {claimed} said the {y}. In the end it {fate}, and they had {shared}. {moral} |
    The {x:animal} asked the {y:animal} how to be {virtue}. {lesson} said the {y}. The {x} {tried}, and by the end of the {moon} Moon it was {virtue2:virtue} instead. {moral} |
    There was once a {x:animal} who was afraid of {fear}. It told nobody, and {hid}. One night a {y:animal} came to it {at} and said: {confession} After that the two of them were afraid together, which is {better}.`,

  // Time and weather.
  day: 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday',
  ordinal: `first | second | third | fourth | fifth | sixth | seventh | eighth | ninth | tenth | eleventh | twelfth | thirteenth | fourteenth | fifteenth | sixteenth | seventeenth | eighteenth |
    nineteenth | twentieth | twenty-first | twenty-second | twenty-third | twenty-fourth | twenty-fifth | twenty-sixth`,
  moon: 'Herring|Storm|Lantern|Ice|Nesting|Barley|Eel|Swallow|Mackerel|Thistle|Salt|Long',
  when: 'on {day}|before {day}|at the next spring tide|after the feast|until {day}|when the {boat} is home|from {day} to {day}|at first light',
  due: 'on {day}|before {day}|at the next spring tide|after the feast|when the {boat} is home|at first light|at {time}',
  time: 'dawn|sunset|midnight|noon|half past four|first light|low water|high water|the turn of the tide|six in the morning|the second bell|supper time',
  wind: 'Wind {from}, {blow}.|Wind {from} and {blow}.|Wind {blow}, then {from}.|No wind until {time}, then {from} and {blow}.|Calm until {time}.|Wind {from} all {span}.',
  from: 'from the north|from the south|from the west|out of the east|from the north-west|from the south-west|off the land|out of the north-east|backing to the south',
  blow: 'fresh|light|falling|rising|strong|bitterly cold|soft as milk|hard enough to lean on|steady|with rain in it|with a smell of snow|no more than a breath|full of sand|warm for the time of year',
  dark: 'midnight|the second bell|supper time|bed time|low water|the end of the watch',
  span: 'day|night|morning|week|afternoon|the watch',
  sky: `The sky {skydid}. | The sea {seadid}. | Fog {fog} until {time}. | Sleet {fog} until {time}. | {A} over {head} {moonish}. | Stars at {dark}, then cloud. | Snow on {island} and none here. |
    Sun at {time}, for as long as it takes to {skill}.`,
  A: 'A red moon|A white sun|A ring about the moon|A broken rainbow|A long green light|A star that nobody knew|A flight of geese',
  moonish: 'stood for an hour|hung at {time}|was seen|came up late|was there, and then was not',
  skydid: 'cleared at {time}|was the colour of slate|came down to the masts|stayed where it was|was full of birds|had no edge|darkened towards {head}|looked like the inside of a shell',
  seadid: `was flat as a plate | broke over the Mole | ran high at {time} | came up to the second step | was green, and white at the edges | muttered all {span} | made a sound like {sound} |
    lay still and would not be trusted`,
  fog: 'on the water|over the whole bay|at the ferry stairs|as thick as wool|coming and going|all along the coast',
  close: `All well. | All well, and the kettle on. | Nothing else to note. | To bed at {time}. | More tomorrow. | Tide turned at {time}. | Lamp steady. | All boats in. | All boats in but the {boat}. |
    So ends this day. | Said a word for the {boat}.`,

  // People, boats, places.
  name: 'Anna|Tom|Ida|Ned|Ellen|Silas|Dora|Martha|Wat|Lena|Hal|Clara|Edmund|Agnes|Simon|Hannah|Adam|Beth|Oswin|Child|Stranger|Boy',
  elder: 'Old Nils|Old Bess|Captain Dorn|Widow Moss|Father Cole|Doctor Lund|Miller Hobb|Mother Tate|Old Ben|Warden|Ferryman|Captain Ash',
  person: '{name2}|{elder2}|{name2}|the widow of {name2}|the mate of the {boat}|the ferryman|the cook of the {boat}',
  name2: 'Anna|Tom|Ida|Ned|Ellen|Silas|Dora|Martha|Wat|Lena|Hal|Clara|Edmund|Agnes|Simon|Hannah|Adam|Beth|Oswin|Osric|Nell|Ambrose',
  elder2: 'Old Nils|Old Bess|Captain Dorn|Widow Moss|Father Cole|Doctor Lund|Miller Hobb|Mother Tate|Old Ben|the warden|Captain Ash',
  boat: `Anna Maria | Bright Hope | Lark | Swallow | Halcyon | Faithful | Moorhen | Dolphin | Cormorant | Otter | Second Thought | Evening Star | Constance | Tern | Nightingale | Fulmar |
    Elder Sister | Bold Harry | Morning Bread | Lost Button | Merry Widow | Blue Heron`,
  head: 'Lantern Head|Black Head|the Mole|Saint Alban Head|the Nose|Tarn Head',
  island: 'Holm Island|Bird Island|the Outer Skerries|Little Holm|Sheep Island',
  place: 'Saltby|Ashwick|Holm Island|Tarn Bay|Elmhaven|the islands|Coldmouth|the north|Black Head|Eastness|the far shore',
  quay: 'the long quay|the ferry stairs|the fish market|the coal quay|the slip|the customs steps',
  spot: 'the slip|the ferry stairs|the net loft|the church|the upper well|the mill creek|the boat sheds|the Mole|the long quay|the bake house|the customs house|the sand bar|the rope walk',
  at: 'at {spot}|by {spot}|behind {spot}|in the lee of {spot}|on the way to {place}|on {island}|below {head}|in a boat on {tarn}',
  tarn: 'the creek|the mill pond|Tarn Bay|the bay',
  hands: 'two|three|four|five|six|a few',
  many: 'two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|sixty',
  kin: 'sister|brother|mother|father|Hannah|Tom|aunt|cousin|Ellen|Silas|old friend|uncle|Ida',
  skill: 'splice a rope|bail a boat|cook for ten|read a chart|hold a light|tell the truth|keep a secret|mend a sail|whistle|count to twelve|carry a sack|sit still|boil an egg',

  // Things.
  goods: `{cask} of {stuff} | {cask} of {stuff} | {beast} | coils of {fibre} rope | oak planks | lamp wicks | new oars | hens in a crate | sheets of copper | window panes | fathoms of chain |
    bundles of letters | loaves of {grain} bread`,
  cask: 'casks|barrels|sacks|crates|baskets|tubs|boxes|kegs|jars',
  stuff: 'ale|salt|herring|tin|nails|onions|apples|tar|flour|lamp oil|honey|barley|mussels|candles|sea coal|pears|tea|oysters|wool|soap|butter|mackerel|turnips|pepper|white lead',
  beast: 'sheep|goats|geese|wet dogs|black hens|pigs|ducks',
  fibre: 'hemp|tarred|new|old|horsehair|cotton',
  grain: 'rye|barley|black|old|sweet',
  object: 'a {quality} {thing}|a {thing} of {matter}|a {quality} {thing}|a {quality} {thing} of {matter}|the {thing} of the {boat}|half of a {quality} {thing}',
  thing: 'anchor|lantern|kettle|oar|bucket|door|barrel|ladder|bell|hat|coat|boot|chair|clock|fiddle|spade|umbrella|chart|basket|rudder|stove|spoon|net|compass|blanket|figurehead|knife|mirror',
  quality: 'rusty|old|painted|small|heavy|borrowed|broken|blue|yellow|wet|good|honest|crooked|nearly new|beautiful|nameless|green|useless|smoky|silent|patched|stolen|well-made|narrow',
  matter: 'brass|oak|tin|iron|bone|glass|driftwood|wicker|copper|larch|whalebone|silver, or something like it',
  owner: `which nobody will own to | as promised | for {person} | somewhat damp | to be kept dry | not paid for | sent back | which {person} says is hers | which {person} says is his |
    to be hidden from {person} | the worse for wear`,
  mark: `with a hole in it | marked with a star | smelling of tar | as good as new | not seen since {day} | tied with red wool | of no use to anyone else | with the name {boat} on it |
    last seen in the hands of {person} | which answers to its name`,
  price: 'a penny|six pence|a dozen eggs|two fresh mackerel|the asking|a kind word|a song|one silver coin|a cup of tea|ten fathoms of rope|an honest answer|half a cheese|a day of work|nothing',
  sound: 'a cart on a bridge|a crowd far off|chains|a bell under water|somebody asleep|an old dog|wet canvas|a door that will not shut|a great many people whispering',

  // What happens.
  event: `
    The {boat} came in at {time} with {many} {goods}. | The {boat} put out for {place} with {many} {goods} and {object}. | The {boat} {trouble} off {head}. {rescue} | {Person} {did}. |
    {Person} says that {claim}. | {Person} {did} and {did}. | {work} {work} | {work} | {saw} | {heard} | {Person} came by for {object} and stayed until {time}. |
    Sold {many} {goods} to {person} for {price}. | {Person} asked {person} to {skill}, and had {price} for it. | No word of the {boat}. | Word from {place} that {claim}. |
    The {boat} lies at {quay} and {waits}. | The ferry {ferry}. | {many2} boats out, and all in by {time}. | {many2} boats out, and all but the {boat} in by {time}. |
    {Person} and {person} are not speaking, because of {object}. | {Person} swears that {claim}, and {person} believes it.`,
  Person: '{name2}|{elder3}|{name2}|The mate of the {boat}|The ferryman|The cook of the {boat}|{name2}, who is {age},',
  elder3: 'Old Nils|Old Bess|Captain Dorn|Widow Moss|Father Cole|Doctor Lund|Miller Hobb|Mother Tate|Old Ben|The warden|Captain Ash',
  age: 'only nine|nearly ninety|no fool|new here|never wrong|hard of hearing|a great talker|seldom sober|the best of us',
  many2: 'Two|Three|Four|Twelve|Ten|Eleven|Nine|Six|Seven|Thirteen|Twenty',
  waits: 'waits for a wind|leaks|will not be hurried|takes on {stuff}|is for sale|smells of {stuff}|has a new mast|has lost her cook',
  trouble: 'lost her rudder|ran aground|split her mainsail|was seen drifting|lost a man and found him again|met the {boat}|struck something soft|sprang a leak|turned about',
  rescue: '{Person} took her in tow.|She floated off at {time}.|{Person} {did}, which was no help.|No one hurt.|The {boat} stood by her until {time}.|Nothing lost but {object}.',
  ferry: 'ran late|ran twice|did not run|ran with nobody in it|carried {many} {goods} and a bride|was full of {beast}|waited an hour for {person}|went aground and was sung off',
  did: `sang in church | mended {object} | fell off {spot} | painted {object} | found {object} in the sand | bought {object} from a stranger | slept through the watch | carried {object} up to {spot} |
    lost {object} at cards | gave {object} to {person} | walked to {place} for a bet | counted the {beast} and got {many} | caught {many} eels {at} | hung {object} over the door | was right again |
    wept, and would not say why | refused to {skill} | learned to {skill}`,
  claim: `the herring will come late | there is a seal living under {spot} | the bell was heard again | the {boat} has been sold | {place} has a new light | {person} means to marry |
    the winter will be short | the sand bar has moved | the cat can tell the weather | the eels have gone from {tarn} | the moon is nearer than it was | {object} was seen walking |
    a ship went by without a sound | there is a hole in the sea off {head} | the old road to {place} is under water | bread will cost {price}`,
  work: `Mended {object}. | Caulked the {boat}. | Salted {many} {cask} of {stuff}. | Swept the stairs. | Tarred the roof of {spot}. | Wound the clock. | Trimmed the wicks. |
    Cut {many} fathoms of rope. | Scraped the hull of the {boat}. | Washed the windows, to no purpose. | Oiled the hinges of {spot}. | Dug {object} out of the mud. | Counted the stores. | Baked. |
    Wrote to {place}. | Boiled the nets. | Let the hens out, and got {many} back.`,
  saw: 'Saw {sight} off {head}.|Saw {sight}, going {way}.|Saw {sight} {at}, and so did {person}.|At {time} saw {sight}.',
  sight: `a whale | many seals | a light | a strange sail | two swans | {many} porpoises | an empty boat | smoke | a green bottle | {object}, floating, | a heron | the {boat}, or her sister |
    eight geese | a waterspout | a cormorant with an eel`,
  way: 'north|south|out to sea|home|nowhere|slowly west|against the wind|with the tide',
  heard: 'Heard {sound} {at}.|Heard {sound}, and it was {cause}.|Heard the bell, {many} strokes.|Heard singing {at}, and went to see: it was {person}.',
  cause: 'only {sound}|the wind|a seal|{person}, asleep|nothing|{object}, loose in the wind|the {boat}|the ice',
  lamp: `Lit the lamp at {time}. | Lamp lit {lit}. | Lamp lit at {time}, and again at {time2:time}. | Cleaned the glass {many} times. | A moth in the lamp room, let out at {time}. |
    Lit the lamp with {object} to help, the match being wet.`,
  lit: 'all night|until {time}|and burning clear|with some smoke|in spite of the wind|by {person}, who did it well',
  aboard: `{work} | {work} | Made {many} miles. | {Person} is sick, and says that {claim}. | Nothing to eat but {stuff} and {stuff}. | {saw} | {saw} | Caught {many} mackerel and {object}. |
    Cook made something of {stuff}. Nobody asked. | {Person} {did}. | Lost {object} overboard. | Spoke the {boat}, {many} days from {place}. | Sounded, and found {many} fathoms and {ground}. |
    The men talk of {place}. | Anchored {at} for the night.`,
  ground: 'sand|black mud|shell|no bottom|weed|a smell of {stuff}|rock',
};
