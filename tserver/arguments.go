package tserver

import (
	"fmt"
	"strings"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// argument is a set of arguments of a request.
type argument uint16

const (
	thisDN argument = 1 << iota
	otherDN
	connID
	secondConnID
	data
	text
	workMode
	num
	mode
)

var argumentNames = [...]string{"thisDN", "otherDN", "connId", "transferConnId", "data", "text", "workMode", "num", "mode"}

func (a argument) String() string {
	var names []string
	for i, n := range argumentNames {
		if a&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

// arguments says what a request needs, and what it may have beside that.
var arguments = map[wire.Kind]struct{ need, may argument }{
	wire.RequestMakeCall:             {thisDN | otherDN, data},
	wire.RequestAnswerCall:           {thisDN | connID, 0},
	wire.RequestReleaseCall:          {thisDN | connID, 0},
	wire.RequestHoldCall:             {thisDN | connID, 0},
	wire.RequestRetrieveCall:         {thisDN | connID, 0},
	wire.RequestAlternateCall:        {thisDN | connID | secondConnID, 0},
	wire.RequestInitiateTransfer:     {thisDN | connID | otherDN, data},
	wire.RequestCompleteTransfer:     {thisDN | connID | secondConnID, 0},
	wire.RequestInitiateConference:   {thisDN | connID | otherDN, data},
	wire.RequestCompleteConference:   {thisDN | connID | secondConnID, 0},
	wire.RequestSingleStepTransfer:   {thisDN | connID | otherDN, data},
	wire.RequestSingleStepConference: {thisDN | connID | otherDN, data},
	wire.RequestDeleteFromConference: {thisDN | connID | otherDN, 0},
	wire.RequestRedirectCall:         {thisDN | connID | otherDN, data},
	wire.RequestRouteCall:            {thisDN | connID | otherDN, data},
	wire.RequestAttachUserData:       {thisDN | connID | data, 0},
	wire.RequestUpdateUserData:       {thisDN | connID | data, 0},
	wire.RequestDeletePair:           {thisDN | connID | text, 0},
	wire.RequestDeleteUserData:       {thisDN | connID, 0},
	wire.RequestAgentLogin:           {thisDN | text, workMode},
	wire.RequestAgentLogout:          {thisDN, 0},
	wire.RequestAgentReady:           {thisDN, workMode},
	wire.RequestAgentNotReady:        {thisDN, workMode},
	wire.RequestSetDNDOn:             {thisDN, 0},
	wire.RequestSetDNDOff:            {thisDN, 0},
	wire.RequestCallForwardSet:       {thisDN | otherDN, 0},
	wire.RequestCallForwardCancel:    {thisDN, 0},
	wire.RequestQueryAddress:         {thisDN, 0},
	wire.RequestQueryCall:            {connID, 0},
	wire.RequestQueryServer:          {0, 0},
	wire.RequestQueryRequest:         {num, 0},
}

func argumentsOf(m *wire.Message) (a argument) {
	for i, set := range [...]bool{
		m.ThisDN != "", m.OtherDN != "", m.ConnID != 0, m.TransferConnID != 0, m.Data != "", m.Text != "", m.WorkMode != 0, m.Num != 0, m.Mode != 0,
	} {
		if set {
			a |= 1 << i
		}
	}
	return a
}

// wrong says what is wrong with a request, as far as the T-Server knows; the switch finds out the rest.
func (s *Server) wrong(id wire.ID, m *wire.Message) (callmodel.ErrorCode, string) {
	isQuery := m.Kind == wire.RequestQueryServer || m.Kind == wire.RequestQueryAddress || m.Kind == wire.RequestQueryCall
	a, has := arguments[m.Kind], argumentsOf(m)
	switch {
	case s.engine.Role() != wire.Primary && m.Kind != wire.RequestQueryServer && !s.opt.Without.Has(node.RequestPrimary):
		return callmodel.ErrNotPrimary, s.self.String() + " is not primary, and only a primary takes requests"
	case m.RefID == 0 && !isQuery:
		return callmodel.ErrBadReference, "a request has a reference ID above 0"
	case a.need&^has != 0:
		return callmodel.ErrBadArgument, fmt.Sprintf("missing: %s", a.need&^has)
	case has&^(a.need|a.may) != 0:
		return callmodel.ErrBadArgument, fmt.Sprintf("not allowed: %s; the request has %s", has&^(a.need|a.may), a.need|a.may)
	case m.Kind == wire.RequestQueryServer:
		return 0, ""
	case s.engine.CTI() != callmodel.CTISynchronized:
		return callmodel.ErrLinkDown, "the link to the switch is " + s.engine.CTI().String()
	case has&thisDN != 0 && !s.dns.has(m.ThisDN):
		return callmodel.ErrUnknownDN, fmt.Sprintf("the switch has no DN %q", m.ThisDN)
	case has&thisDN != 0 && !isQuery && !s.mayAsk(id, m.ThisDN):
		return callmodel.ErrNotRegistered, fmt.Sprintf("this client has not registered %s, or only to monitor it", m.ThisDN)
	case m.Data.Size() > s.opt.UserDataLimit:
		return callmodel.ErrTooMuchData, fmt.Sprintf("the data have %d bytes packed, at most %d are taken", m.Data.Size(), s.opt.UserDataLimit)
	}
	if code, why := wrongMode(m); code != 0 || !isQuery {
		// Whether the call is right, the switch decides, which knows if the request was carried out before; or the primary, when it has heard what the switch
		// has told so far.
		return code, why
	}
	return s.wrongCall(m, has)
}

// mayAsk reports whether a client has registered the DN for requests.
func (s *Server) mayAsk(id wire.ID, name callmodel.DN) bool {
	mode := s.clients.mode(id, name)
	return mode == callmodel.RegShare || mode == callmodel.RegPrivate
}

func wrongMode(m *wire.Message) (callmodel.ErrorCode, string) {
	allowed := [2]callmodel.WorkMode{callmodel.WorkAutoIn, callmodel.WorkManualIn}
	if m.Kind == wire.RequestAgentNotReady {
		allowed = [2]callmodel.WorkMode{callmodel.WorkAux, callmodel.WorkAfterCall}
	}
	if m.WorkMode != 0 && m.WorkMode != allowed[0] && m.WorkMode != allowed[1] {
		return callmodel.ErrBadArgument, fmt.Sprintf("workMode is %s or %s, not %s", allowed[0], allowed[1], m.WorkMode)
	}
	return 0, ""
}

func (s *Server) wrongCall(m *wire.Message, has argument) (callmodel.ErrorCode, string) {
	for _, c := range [...]struct {
		is     bool
		connID callmodel.ConnID
	}{{has&connID != 0, m.ConnID}, {has&secondConnID != 0, m.TransferConnID}} {
		if !c.is {
			continue
		}
		id := s.engine.CallOf(c.connID)
		if id == (callmodel.CallID{}) {
			return callmodel.ErrUnknownCall, fmt.Sprintf("there is no call with the ConnID %s", c.connID)
		}
		if has&thisDN != 0 && s.table.At(id.Ref).Find(m.ThisDN) < 0 {
			return callmodel.ErrForeignCall, fmt.Sprintf("%s is no party of call %s", m.ThisDN, c.connID)
		}
	}
	return 0, ""
}
